"""The sealed state: whole or refused, of this run and no other, held by one process at a time."""

import contextlib
import dataclasses
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ci_secrets import seal
from ci_secrets.errors import ConfigError, NotClosedError, OutputRefusedError
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.secret import Secret

RUN = Run(platform="github", run="4711", attempt="1", job="deploy", url="https://ci.example/4711")
OTHER = dataclasses.replace(RUN, job="test")
ANYONE = Run(platform="generic", run="")
KEY = StateKey(material=Secret(bytes(range(32))), came_from="$CI_SECRETS_STATE_KEY")
PAYLOAD: dict[str, Any] = {"token": "made-up-token-1", "values": {"DB": "cGFzcw=="}, "n": [1, None]}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the states lie; not yet there."""
    return tmp_path / "ci-secrets"


def _sealed(directory: Path, run: Run = RUN, payload: dict[str, Any] = PAYLOAD) -> Path:
    """A state that a process wrote and let go of."""
    with seal.new(directory, run, KEY) as state:
        state.write(payload)
        return state.path


def _closed(directory: Path) -> Path:
    """The tombstone of a run that is over."""
    seal.new(directory, RUN, KEY).close({"verdict": "clean"})
    (tombstone,) = directory.glob("*.closed")
    return tombstone


def _age(directory: Path) -> None:
    """Make all that stands in a directory a month old."""
    for path in (*directory.iterdir(), directory):
        month_ago = time.time() - 30 * 24 * 3600
        os.utime(path, (month_ago, month_ago))


def _open(path: Path, key: StateKey = KEY, **options: float) -> seal.SealedState:
    return seal.open_state(path, lambda _run: key, **options)


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@contextlib.contextmanager
def _full_disk(room: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestRoundTrip:
    """What start writes is what end reads, and nobody else."""

    def test_end_reads_what_start_wrote(self, directory: Path) -> None:
        """Another process's view of the same directory gives the payload back."""
        _sealed(directory)
        (found,) = seal.find(directory, RUN)
        assert found.kind == "open"
        with _open(found.path) as state:
            assert state.read() == PAYLOAD
            assert state.run == dataclasses.replace(RUN, url="")

    def test_the_newest_write_counts(self, directory: Path) -> None:
        """A second write replaces the first under a fresh nonce."""
        with seal.new(directory, RUN, KEY) as state:
            state.write({"n": 1})
            first = state.path.read_bytes()
            state.write({"n": 1})
            assert state.path.read_bytes() != first
            assert state.read() == {"n": 1}

    def test_nothing_stands_in_clear(self, directory: Path) -> None:
        """The file shows which run it is of, and neither key nor payload, in clear or base64."""
        content = _sealed(directory).read_bytes()
        header, _, frame = content.partition(b"\n")
        assert set(json.loads(header)) == {"version", "platform", "run", "attempt", "job", "salt"}
        assert b"made-up" not in frame
        assert b"cGFzcw" not in frame
        assert KEY.material.reveal() not in frame

    def test_files_are_private(self, directory: Path) -> None:
        """Directory 0700, files 0600, and a name that nobody can guess."""
        path = _sealed(directory)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}
        assert len(path.stem) == 32
        assert path.stem != _sealed(directory).stem

    def test_a_secret_is_never_turned_into_text(self, directory: Path) -> None:
        """A `Secret` in the payload or the tombstone is a mistake of ours, and stops."""
        with seal.new(directory, RUN, KEY) as state:
            with pytest.raises(TypeError):
                state.write({"token": Secret("made-up")})
            with pytest.raises(TypeError):
                state.close({"token": Secret("made-up")})

    @given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
    @settings(max_examples=30)
    def test_any_payload_comes_back(self, tmp_path: Path, payload: dict[str, Any]) -> None:
        """Every JSON text survives: NUL, control characters, lone surrogates, emoji."""
        path = _sealed(tmp_path / "ci-secrets", payload=payload)
        with _open(path) as state:
            assert state.read() == payload


class TestBeforeTheLogin:
    """What would make the state impossible is found before anything is minted."""

    def test_a_full_disk(self, directory: Path) -> None:
        """A disk without room for the empty state refuses, and keeps no half of it."""
        with _full_disk(16), pytest.raises(OutputRefusedError):
            seal.new(directory, RUN, KEY)
        assert not directory.exists()
        assert seal.find(directory, RUN) == []

    def test_a_later_full_disk_keeps_the_last_state(self, directory: Path) -> None:
        """When the disk fills between two writes, the older state still opens."""
        with seal.new(directory, RUN, KEY) as state:
            state.write(PAYLOAD)
            with _full_disk(4096), pytest.raises(OutputRefusedError):
                state.write({"big": "x" * 10_000})
            assert state.read() == PAYLOAD

    def test_a_symlinked_directory(self, tmp_path: Path, directory: Path) -> None:
        """A link in the directory's place is followed neither at start nor at end."""
        (tmp_path / "elsewhere").mkdir(0o700)
        directory.symlink_to("elsewhere")
        with pytest.raises(OutputRefusedError):
            seal.new(directory, RUN, KEY)
        (found,) = seal.find(directory, RUN)
        assert found.kind == "changed"
        with pytest.raises(NotClosedError, match="symlink"):
            _open(found.path)
        assert _names(tmp_path / "elsewhere") == []

    def test_a_directory_of_somebody_else(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A directory of another user is refused at start and at end; he may have it open."""
        _sealed(directory)
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        with pytest.raises(OutputRefusedError) as refused:
            seal.new(directory, RUN, KEY)
        assert "sudo" in refused.value.cause
        assert "chmod" not in refused.value.fix
        (found,) = seal.find(directory, RUN)
        assert found.kind == "foreign"
        with pytest.raises(NotClosedError, match="belongs to user") as not_closed:
            _open(found.path)
        assert "Another user ran ci-secrets" in not_closed.value.cause
        assert "sudo -E ci-secrets finish" in not_closed.value.fix

    def test_a_directory_in_which_somebody_else_closed_all(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its mode says so, and nothing of it is read."""
        tombstone = _closed(directory)
        tombstone.write_bytes(b"not to be read")
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        assert seal.find(directory, RUN) == []

    @pytest.mark.parametrize("mode", [0o700, 0o750, 0o711, 0o775, 0o777])
    def test_no_other_mode_says_that_all_is_closed(
        self, directory: Path, mode: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is not exactly as a closed run leaves it may be open."""
        _closed(directory)
        directory.chmod(mode)
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        assert [found.kind for found in seal.find(directory, RUN)] == ["foreign"]

    @pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
    def test_a_directory_that_others_can_change(self, directory: Path, mode: int) -> None:
        """What lies in it may be anybody's: nothing is opened, sealed or removed there."""
        _sealed(directory)
        directory.chmod(mode)
        before = _names(directory)
        with pytest.raises(OutputRefusedError, match="open to others"):
            seal.new(directory, RUN, KEY)
        (found,) = seal.find(directory, RUN)
        assert found.kind == "changed"
        with pytest.raises(NotClosedError, match="open to others"):
            _open(found.path)
        assert _names(directory) == before

    def test_a_short_key(self, directory: Path) -> None:
        """Material that could be guessed is refused, with the command that makes a good one."""
        short = StateKey(material=Secret("0123456789abcde"), came_from="$CI_SECRETS_STATE_KEY")
        with pytest.raises(ConfigError) as refused:
            seal.new(directory, RUN, short)
        assert "openssl rand" in refused.value.fix
        assert "0123456789abcde" not in refused.value.cause


class TestFind:
    """`find` lists what is this run's own."""

    def test_no_directory(self, directory: Path) -> None:
        """Without a directory nothing was opened, and none is made."""
        assert seal.find(directory, RUN) == []
        assert not directory.exists()

    def test_a_directory_with_nothing_in_it(self, directory: Path) -> None:
        """Something was opened there, so it is lost for everybody, and never taken for closed."""
        _sealed(directory).unlink()
        for run in (RUN, ANYONE):
            (found,) = seal.find(directory, run)
            assert (found.kind, found.path) == ("lost", directory)
        with pytest.raises(NotClosedError, match="is gone") as refused:
            _open(directory)
        assert str(directory) in refused.value.fix

    @pytest.mark.parametrize("field", ["platform", "run", "attempt", "job"])
    def test_two_jobs_on_one_runner(self, directory: Path, field: str) -> None:
        """A run that differs in one part of its identity is another run."""
        path = _sealed(directory)
        _sealed(directory, dataclasses.replace(RUN, **{field: "other"}))
        assert [found.path for found in seal.find(directory, RUN)] == [path]

    def test_a_machine_without_a_run_id(self, directory: Path) -> None:
        """Without a run id all open states of the platform are listed, and only those."""
        _sealed(directory)
        ours = {_sealed(directory, dataclasses.replace(ANYONE, run=run)) for run in ("", "a", "b")}
        assert {found.path for found in seal.find(directory, ANYONE)} == ours

    def test_the_last_tombstone_without_a_run_id(self, directory: Path) -> None:
        """Where all runs are closed, the one closed last answers for a second `finish`."""
        for verdict in ("first", "second"):
            seal.new(directory, ANYONE, KEY).close({"verdict": verdict})
        first, second = sorted(directory.iterdir(), key=lambda path: "second" in path.read_text())
        os.utime(first, (1, 1))
        (found,) = seal.find(directory, ANYONE)
        assert (found.kind, found.path) == ("closed", second)

    def test_a_damaged_header_is_listed_for_everybody(self, directory: Path) -> None:
        """A state whose owner cannot be told is never passed over in silence."""
        path = _sealed(directory)
        path.write_bytes(b"\x00" * 10_000)
        assert [found.kind for found in seal.find(directory, OTHER)] == ["damaged"]
        with pytest.raises(NotClosedError, match="damaged header"):
            _open(path)

    def test_a_link_in_the_directory(self, directory: Path, tmp_path: Path) -> None:
        """A state that is a link to another file is damaged, not followed."""
        path = _sealed(directory)
        path.rename(tmp_path / "moved")
        path.symlink_to(tmp_path / "moved")
        assert [found.kind for found in seal.find(directory, RUN)] == ["damaged"]

    def test_hostile_tombstones(self, directory: Path) -> None:
        """Garbage under a tombstone's name is no tombstone, and no exception."""
        _sealed(directory)
        texts = [b"", b"[" * 90_000, b"{}", b'{"version":1}', b"\xff", b"null", b"1" * 5_000]
        for number, text in enumerate(texts):
            (directory / f"{number}.closed").write_bytes(text)
        assert [found.kind for found in seal.find(directory, RUN)] == ["open"]


class TestWrongOrChanged:
    """What is not exactly what was sealed does not open, and the text says why."""

    def test_a_wrong_key(self, directory: Path) -> None:
        """Another key is named as the likely cause, and that the end is unknown."""
        path = _sealed(directory)
        wrong = StateKey(material=Secret(bytes(32)), came_from="$CI_JOB_TOKEN")
        with pytest.raises(NotClosedError, match=r"\$CI_JOB_TOKEN") as refused:
            _open(path, wrong)
        assert "until when is not known" in refused.value.fix

    def test_a_copy_for_another_job(self, directory: Path) -> None:
        """A state with its header edited to name another job does not open for that job."""
        path = _sealed(directory)
        path.write_bytes(path.read_bytes().replace(b'"deploy"', b'"test"', 1))
        (found,) = seal.find(directory, OTHER)
        with pytest.raises(NotClosedError, match="made to look like"):
            _open(found.path)

    def test_two_bodies_exchanged(self, directory: Path) -> None:
        """The body of one state behind the header of another does not open."""
        one, two = _sealed(directory), _sealed(directory, OTHER)
        header = one.read_bytes().partition(b"\n")[0]
        one.write_bytes(header + b"\n" + two.read_bytes().partition(b"\n")[2])
        with pytest.raises(NotClosedError):
            _open(one)

    def test_a_truncated_file(self, directory: Path) -> None:
        """Every shorter file is refused; one cut within the body is called truncated."""
        path = _sealed(directory)
        content = path.read_bytes()
        for length in range(len(content)):
            path.write_bytes(content[:length])
            expected = "truncated" if length >= content.index(b"\n") else "damaged header"
            with pytest.raises(NotClosedError, match=expected):
                _open(path)

    def test_a_longer_file(self, directory: Path) -> None:
        """Bytes behind the end are refused as well."""
        path = _sealed(directory)
        path.write_bytes(path.read_bytes() + b"\n")
        with pytest.raises(NotClosedError, match="is damaged"):
            _open(path)

    def test_a_state_of_another_version(self, directory: Path) -> None:
        """A version that we do not know is not guessed at."""
        path = _sealed(directory)
        path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2', 1))
        with pytest.raises(NotClosedError, match="damaged header"):
            _open(path)

    @pytest.mark.parametrize("bit", [0x01, 0x80])
    def test_every_byte_flipped(self, directory: Path, bit: int) -> None:
        """No byte of the file can change without the state being refused."""
        path = _sealed(directory)
        content = path.read_bytes()
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= bit
            path.write_bytes(changed)
            with pytest.raises(NotClosedError):
                _open(path)

    @given(st.data())
    @settings(max_examples=200)
    def test_any_bytes_changed(self, tmp_path: Path, data: st.DataObject) -> None:
        """Whatever is put in place of whatever: refused, without garbage or a crash."""
        original = tmp_path / "original"
        if not original.exists():
            _sealed(tmp_path / "ci-secrets").rename(original)
        content = bytearray(original.read_bytes())
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(start + 40, len(content))))
        new = data.draw(st.binary(max_size=40))
        assume(new != content[start:end])
        content[start:end] = new
        path = tmp_path / "ci-secrets" / "changed.sealed"
        path.write_bytes(content)
        with pytest.raises(NotClosedError):
            _open(path)


class TestClose:
    """A closed run leaves a tombstone without values, and no way back."""

    def test_the_tombstone_takes_the_place_of_the_state(self, directory: Path) -> None:
        """After the close only the tombstone is there, and says what it was given."""
        path = _sealed(directory)
        with _open(path) as state:
            state.close({"verdict": "clean", "head": "ab12"})
        assert _names(directory) == [path.with_suffix(".closed").name]
        (found,) = seal.find(directory, RUN)
        assert (found.kind, found.tombstone) == ("closed", {"verdict": "clean", "head": "ab12"})
        assert seal.find(directory, OTHER) == []

    def test_others_see_whether_all_is_closed(self, directory: Path) -> None:
        """The directory is 0700 while anything is open in it, and 0755 once nothing is."""
        one, two = seal.new(directory, RUN, KEY), seal.new(directory, OTHER, KEY)
        modes = [stat.S_IMODE(directory.stat().st_mode)]
        for state in (one, two):
            state.close({})
            modes.append(stat.S_IMODE(directory.stat().st_mode))
        seal.new(directory, RUN, KEY).release()
        modes.append(stat.S_IMODE(directory.stat().st_mode))
        assert modes == [0o700, 0o700, 0o755, 0o700]

    def test_what_is_more_than_a_tombstone_is_shown_to_nobody(self, directory: Path) -> None:
        """Where files with values could not be deleted, the directory stays closed to others."""
        with seal.new(directory, RUN, KEY) as state:
            (directory / "ci-secrets-files-1").mkdir()
            state.close({})
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700

    def test_a_crash_before_others_see_it(self, directory: Path) -> None:
        """The next look at the directory makes up for it."""
        _closed(directory)
        directory.chmod(0o700)
        assert [found.kind for found in seal.find(directory, RUN)] == ["closed"]
        assert stat.S_IMODE(directory.stat().st_mode) == 0o755

    def test_a_crash_after_the_tombstone(self, directory: Path) -> None:
        """Where the crash left both, the run is closed, and the state is removed at last."""
        path = _sealed(directory)
        content = path.read_bytes()
        with _open(path) as state:
            state.close({"verdict": "clean"})
        path.write_bytes(content)
        assert [found.kind for found in seal.find(directory, RUN)] == ["closed"]
        assert not path.exists()

    def test_a_full_disk_keeps_the_state(self, directory: Path) -> None:
        """Where the tombstone cannot be written, the state stays for a later `finish`."""
        path = _sealed(directory)
        state = _open(path)
        with state, _full_disk(16), pytest.raises(OutputRefusedError):
            state.close({"verdict": "clean"})
        with _open(path) as state:
            assert state.read() == PAYLOAD

    def test_half_written_states_go_too(self, directory: Path) -> None:
        """What a killed write left beside the state is removed with it."""
        path = _sealed(directory)
        (directory / f".{path.name}.0123456789abcdef").write_bytes(b"half")
        with _open(path) as state:
            state.close({})
        assert _names(directory) == [path.with_suffix(".closed").name]

    def test_the_key_file_goes_with_the_last_state(self, directory: Path, tmp_path: Path) -> None:
        """A key file is deleted with the state, unless another run's state still needs it."""
        file = tmp_path / "key"
        file.write_bytes(KEY.material.reveal())
        key = dataclasses.replace(KEY, file=file)
        one, two = seal.new(directory, RUN, key), seal.new(directory, OTHER, key)
        one.close({})
        assert file.exists()
        two.close({})
        assert not file.exists()

    def test_old_tombstones_are_swept(self, directory: Path) -> None:
        """A tombstone of last month goes when the next run opens; one of today stays."""
        for run in (RUN, OTHER):
            seal.new(directory, run, KEY).close({})
        (old,) = (found.path for found in seal.find(directory, RUN))
        os.utime(old, (1, 1))
        seal.new(directory, ANYONE, KEY).release()
        assert seal.find(directory, RUN) == []
        assert [found.kind for found in seal.find(directory, OTHER)] == ["closed"]

    def test_old_directories_of_other_runs_are_swept(self, tmp_path: Path) -> None:
        """What is left of a run that was closed last month goes when any run opens."""
        old, fresh = _closed(tmp_path / "old"), _closed(tmp_path / "fresh")
        (old.with_suffix(".lock")).touch()
        _age(old.parent)
        seal.new(tmp_path / "now", OTHER, KEY).release()
        assert _names(tmp_path) == ["fresh", "now"]
        assert fresh.exists()

    def test_nothing_but_tombstones_is_swept(self, tmp_path: Path) -> None:
        """Open runs, lost ones, files with values and what is not ours stay, however old."""
        _sealed(tmp_path / "open")
        _closed(tmp_path / "both")
        _sealed(tmp_path / "both")
        _sealed(tmp_path / "lost").unlink()
        _closed(tmp_path / "with files").with_name("ci-secrets-files-1").mkdir()
        _closed(tmp_path / "public").parent.chmod(0o775)
        (tmp_path / "foreign").mkdir(0o700)
        (tmp_path / "foreign" / "door.closed").touch()
        before = {}
        for place in list(tmp_path.iterdir()):
            _age(place)
            before[place] = _names(place)
        seal.new(tmp_path / "now", OTHER, KEY).release()
        assert {place: _names(place) for place in before} == before

    def test_a_link_is_not_swept(self, tmp_path: Path) -> None:
        """A link beside the run's directory is not followed."""
        (tmp_path / "base").mkdir()
        old = _closed(tmp_path / "elsewhere")
        _age(old.parent)
        (tmp_path / "base" / "link").symlink_to(old.parent)
        seal.new(tmp_path / "base" / "now", OTHER, KEY).release()
        assert old.exists()


class TestOneAtATime:
    """Only one process uses a state."""

    def test_a_second_finish_waits_then_says_so(self, directory: Path) -> None:
        """While one holds the state, another gets told who may hold it; afterwards it opens."""
        path = _sealed(directory)
        busy = pytest.raises(NotClosedError, match="in use by another process")
        with _open(path), busy:
            _open(path, wait_seconds=0)
        _open(path, wait_seconds=0).release()

    def test_a_second_finish_finds_the_run_closed(self, directory: Path) -> None:
        """The one that comes too late gets an error instead of a second close, and litters not."""
        path = _sealed(directory)
        with _open(path) as state:
            state.close({})
        with pytest.raises(NotClosedError, match="another process just now"):
            _open(path)
        assert _names(directory) == [path.with_suffix(".closed").name]

    def test_many_real_processes_close_once(self, directory: Path) -> None:
        """Of six processes that finish at once, exactly one closes the run."""
        path = _sealed(directory)
        script = textwrap.dedent("""
            import sys, time
            from pathlib import Path
            from ci_secrets import seal
            from ci_secrets.errors import NotClosedError
            from ci_secrets.platforms.interface import StateKey
            from ci_secrets.secret import Secret
            key = StateKey(material=Secret(bytes(range(32))), came_from="test")
            print("ready", flush=True)
            sys.stdin.readline()
            try:
                with seal.open_state(Path(sys.argv[1]), lambda run: key) as state:
                    time.sleep(0.05)
                    state.close({})
                    print("closed")
            except NotClosedError as error:
                print(error)
        """)
        command = [sys.executable, "-c", script, str(path)]
        pipe = subprocess.PIPE
        racers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(6)]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        said = sorted(racer.communicate()[0].strip() for racer in racers)
        assert said.count("closed") == 1
        assert sum("another process just now" in line for line in said) == 5

    def test_a_killed_run_can_be_finished(self, directory: Path) -> None:
        """After SIGKILL of the process that held it, the state opens at once."""
        script = textwrap.dedent("""
            import sys, time
            from pathlib import Path
            from ci_secrets import seal
            from ci_secrets.platforms.interface import Run, StateKey
            from ci_secrets.secret import Secret
            key = StateKey(material=Secret(bytes(range(32))), came_from="test")
            run = Run(platform="github", run="4711", attempt="1", job="deploy")
            state = seal.new(Path(sys.argv[1]), run, key)
            state.write({"token": "made-up"})
            print("held", flush=True)
            time.sleep(300)
        """)
        command = [sys.executable, "-c", script, str(directory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            (found,) = seal.find(directory, RUN)
            with pytest.raises(NotClosedError, match="in use"):
                _open(found.path, wait_seconds=0)
            holder.send_signal(signal.SIGKILL)
            holder.wait()
        with _open(found.path, wait_seconds=5) as state:
            assert state.read() == {"token": "made-up"}
