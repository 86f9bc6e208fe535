"""The audit trail: every record bound, every change seen, no value ever in it."""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import resource
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ci_secrets import audit
from ci_secrets.errors import AuditBrokenError, ConfigError, UsageError
from ci_secrets.platforms.interface import Run
from ci_secrets.secret import Secret

RUN = Run(platform="github", run="4711", attempt="1", job="deploy", url="https://ci.example/4711")
OTHER = dataclasses.replace(RUN, job="test")
KEY = bytes(range(32))
_END = b',"hash":"' + b"0" * 64 + b'"}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the trail goes; not yet there."""
    return tmp_path / "audit.jsonl"


def _run(path: Path, run: Run = RUN, events: int = 3, key: bytes | None = None) -> audit.Head:
    """The trail of one whole run: so many events, then `closed`."""
    trail = audit.Trail.open(path, run, key=key)
    for number in range(events):
        trail.append("fetched", path=f"secret/data/app{number}", fields=["user", "password"])
    return trail.close(verdict="clean")


def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _records_behind(path: Path, lines: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()[lines:]]


def _change(path: Path, change: Callable[[list[bytes]], None]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))


def _edit(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b"app1", b"app7")


@contextlib.contextmanager
def _full_disk(room: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestRecords:
    """What a line holds."""

    def test_a_whole_run(self, path: Path) -> None:
        """Each line has its fields, is bound to the one before, and the last one counts."""
        head = _run(path, events=2)
        first, second, closed = _records(path)
        assert list(first) == [
            "version", "time", "seq", "opening", "run", "event", "facts", "link", "prev", "hash",
        ]  # fmt: skip
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
        assert first["run"] == dataclasses.asdict(RUN)
        assert first["facts"] == {"path": "secret/data/app0", "fields": ["user", "password"]}
        assert [record["seq"] for record in (first, second, closed)] == [1, 2, 3]
        assert first["prev"] == "0" * 64
        assert [second["prev"], closed["prev"]] == [first["hash"], second["hash"]]
        assert closed["event"] == "closed"
        assert closed["facts"] == {"verdict": "clean", "count": 3, "lost": 0}
        assert head == audit.Head(count=3, digest=closed["hash"])
        assert head.printed == f"{closed['hash']} (3 records)"

    def test_anybody_can_check_a_link(self, path: Path) -> None:
        """The hash is SHA-256 of the line's bytes without its last member."""
        _run(path)
        for line in path.read_bytes().splitlines():
            body, _, digest = line.rpartition(b',"hash":')
            assert json.loads(digest[:-1]) == hashlib.sha256(body + b"}").hexdigest()

    @pytest.mark.parametrize("fact", [Secret("made-up"), b"bytes", {"a": [Secret("x")]}, {1: "x"}])
    def test_what_may_be_secret_is_refused(self, path: Path, fact: object) -> None:
        """A `Secret` or bytes among the facts, however deep, is a mistake and is not written."""
        trail = audit.Trail.open(path, RUN)
        with pytest.raises(TypeError) as refused:
            trail.append("fetched", fact=fact)
        assert "made-up" not in str(refused.value)
        assert not path.exists()
        with pytest.raises(TypeError):
            audit.Trail.open(None, RUN).append("fetched", fact=fact)

    def test_long_facts_are_capped(self, path: Path) -> None:
        """A text of a megabyte and a list of thousands are cut, and say so."""
        trail = audit.Trail.open(path, RUN)
        trail.append("claims", text="x" * 1_000_000, many=list(range(5_000)))
        trail.append("claims", deep=[[["\U0001f511" * 500] * 200] * 200])
        long, huge = _records(path)
        assert len(long["facts"]["text"]) == 500
        assert long["facts"]["many"][-1] == "… 4800 more"
        assert list(huge["facts"]) == ["too_large"]
        trail.close()
        assert audit.verify(path).whole

    @given(st.text() | st.sampled_from(["\n::stop-commands::x", '"}\n{"version":1', "##vso[x]"]))
    def test_foreign_text_forges_nothing(self, tmp_path: Path, text: str) -> None:
        """Whatever a branch is called: one line, printable ASCII, no runner command, no loss."""
        path = tmp_path / "audit.jsonl"
        path.unlink(missing_ok=True)
        trail = audit.Trail.open(path, dataclasses.replace(RUN, job=text))
        trail.append("claims", **{"event": text, f"x{text}": [text]})
        content = path.read_bytes()
        assert content.count(b"\n") == 1
        assert re.fullmatch(rb"[\x20-\x7e]+\n", content)
        assert b"##" not in content
        (record,) = _records(path)
        assert record["facts"]["event"] == record["run"]["job"] == text
        trail.close()
        assert audit.verify(path).whole

    def test_no_file(self) -> None:
        """Where none is configured, everything is taken, and the head says that nothing is kept."""
        trail = audit.Trail.open(None, RUN, required=True)
        trail.append("fetched")
        assert trail.close().printed == ""


class TestAppending:
    """Many write one file; a failed write is told or stops the run."""

    def test_the_file_is_private(self, path: Path) -> None:
        """A new trail is 0600; an old one keeps its mode."""
        _run(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o640)
        _run(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_real_processes_share_a_chain(self, path: Path) -> None:
        """Four processes that append at once leave one whole chain, and each counts its own."""
        script = textwrap.dedent("""
            import sys
            from pathlib import Path
            from ci_secrets.audit import Trail
            from ci_secrets.platforms.interface import Run
            trail = Trail.open(Path(sys.argv[1]), Run(platform="generic", run=sys.argv[2]))
            print("ready", flush=True)
            sys.stdin.readline()
            for number in range(200):
                trail.append("fetched", number=number)
            print(trail.close().digest)
        """)
        command = [sys.executable, "-c", script, str(path)]
        pipe = subprocess.PIPE
        writers = [
            subprocess.Popen([*command, str(number)], stdin=pipe, stdout=pipe, text=True)
            for number in range(4)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        heads = [writer.communicate()[0].strip() for writer in writers]
        for head in heads:
            found = audit.verify(path, head=head)
            assert (found.records, found.runs, found.problems) == (804, 4, ())

    def test_threads_share_a_trail(self, path: Path) -> None:
        """Appends from many threads are all counted."""
        trail = audit.Trail.open(path, RUN)
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda number: trail.append("renewed", number=number), range(100)):
                pass
        assert trail.close().count == 101
        assert audit.verify(path).whole

    def test_a_full_disk_without_required(self, path: Path) -> None:
        """A failed append is told once, leaves no torn line, and the close counts what was lost."""
        trail = audit.Trail.open(path, RUN)
        trail.append("opened")
        size = path.stat().st_size
        with _full_disk(size + 20):
            trail.append("fetched")
            trail.append("fetched")
        assert path.stat().st_size == size
        assert [notice.level for notice in trail.notices] == ["warning"]
        assert trail.close().count == 2
        assert _records(path)[-1]["facts"] == {"count": 2, "lost": 2}
        assert audit.verify(path).whole

    def test_a_full_disk_with_required(self, path: Path) -> None:
        """Where the trail is required, a failed append stops the exchange."""
        trail = audit.Trail.open(path, RUN, required=True)
        with _full_disk(20), pytest.raises(AuditBrokenError) as refused:
            trail.append("fetched")
        assert refused.value.exit_code == 10

    def test_a_link_is_not_followed(self, path: Path, tmp_path: Path) -> None:
        """A symlink or FIFO in the checkout gets nothing, at once."""
        (tmp_path / "target").write_text("x")
        path.symlink_to("target")
        os.mkfifo(tmp_path / "fifo")
        for irregular in (path, tmp_path / "fifo", tmp_path, tmp_path / "missing" / "file"):
            with pytest.raises(AuditBrokenError):
                audit.Trail.open(irregular, RUN, required=True).append("opened")
            with pytest.raises(AuditBrokenError):
                audit.verify(irregular)
        assert (tmp_path / "target").read_text() == "x"

    def test_two_processes_of_one_run(self, path: Path) -> None:
        """What start handed over goes on at end, and the close counts both."""
        start = audit.Trail.open(path, RUN)
        start.append("opened")
        handover = json.loads(json.dumps(start.handover()))
        start.append("renewed")  # after the last handover, by a process that was killed then
        end = audit.Trail.open(path, RUN, resume=handover)
        assert end.close().count == 3
        found = audit.verify(path)
        assert (found.runs, found.problems) == (1, ())

    def test_what_was_removed_between_start_and_end(self, path: Path) -> None:
        """A trail that was deleted in mid-job, and goes on, is not whole."""
        start = audit.Trail.open(path, RUN)
        start.append("opened")
        start.append("fetched")
        path.unlink()
        audit.Trail.open(path, RUN, resume=start.handover()).close()
        (problem,) = audit.verify(path).problems
        assert problem == "line 1: run github/4711/1/deploy wrote 3 records, and 1 are here"

    def test_nothing_after_the_close(self, path: Path) -> None:
        """A closed trail takes no more records."""
        trail = audit.Trail.open(path, RUN)
        trail.close()
        with pytest.raises(RuntimeError):
            trail.append("late")


class TestTorn:
    """A crash in mid-write is seen, and the trail goes on."""

    @pytest.mark.parametrize("kept", [1, 10, 200])
    def test_the_next_record_notes_it(self, path: Path, kept: int) -> None:
        """The torn line stays, the next record says how long it is, and `verify` names it."""
        head = _run(path)
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:kept])
        torn = audit.verify(path, head=head.digest)
        assert (torn.torn, torn.problems) == ((5,), ())
        _run(path, OTHER)
        assert json.loads(path.read_bytes().splitlines()[5])["torn"] == kept
        found = audit.verify(path, head=head.digest)
        assert (found.records, found.runs, found.torn, found.problems) == (8, 2, (5,), ())

    @pytest.mark.parametrize(
        ("left", "noted"),
        [
            pytest.param([80, 70], 151, id="two in a row"),
            pytest.param([80, 0], 80, id="after the line end that begins the repair"),
            pytest.param([80, 1, 200], 283, id="three in a row"),
        ],
    )
    def test_crashes_in_a_row(self, path: Path, left: list[int], noted: int) -> None:
        """Each leaves a part of a line, and the next whole record notes them all."""
        head = _run(path)
        whole = path.read_bytes()
        path.write_bytes(whole + b"\n".join(whole[:kept] for kept in left))
        lines = tuple(5 + number for number, kept in enumerate(left) if kept)
        torn = audit.verify(path, head=head.digest)
        assert (torn.torn, torn.problems) == (lines, ())
        _run(path, OTHER)
        assert _records_behind(path, len(lines) + 4)[0]["torn"] == noted
        found = audit.verify(path, head=head.digest)
        assert (found.records, found.torn, found.problems) == (8, lines, ())

    def test_only_the_line_end_is_missing(self, path: Path) -> None:
        """Such a record is whole: the next one ends its line, and follows it."""
        trail = audit.Trail.open(path, RUN)
        trail.append("opened")
        trail.append("fetched")
        os.truncate(path, path.stat().st_size - 1)
        assert audit.verify(path).torn == (2,)
        head = audit.Trail.open(path, RUN, resume={**trail.handover(), "count": 1}).close()
        found = audit.verify(path, head=head.printed)
        assert (head.count, found.records, found.torn, found.problems) == (3, 3, (), ())

    def test_a_finished_line_is_not_torn(self, path: Path) -> None:
        """A last record that was edited until it is none any more was not left by a crash."""
        _run(path)
        _change(path, lambda lines: lines.append(lines.pop().replace(b'"seq":4', b'"seq":x')))
        assert audit.verify(path).problems == ("line 4 is no record",)
        _run(path)
        assert audit.verify(path).problems[0] == "line 4 is no record"

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda lines: lines.pop(4), id="one removed"),
            pytest.param(lambda lines: lines.insert(4, lines[4]), id="one doubled"),
            pytest.param(lambda lines: lines.insert(5, b"\n"), id="a blank line"),
            pytest.param(lambda lines: lines.insert(3, lines.pop(4)), id="moved"),
        ],
    )
    def test_torn_lines_that_are_not_as_they_were_noted(
        self, path: Path, change: Callable[[list[bytes]], None]
    ) -> None:
        """What was noted is bound to its place and its length; its bytes are nobody's."""
        _run(path)
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:80] + b"\n" + whole[:9])
        _run(path, OTHER)
        assert audit.verify(path).whole
        _change(path, change)
        assert not audit.verify(path).whole

    def test_so_many_crashes_in_a_row_are_none(self, path: Path) -> None:
        """What waits for a record that notes it is bounded."""
        _run(path)
        whole = path.read_bytes()
        path.write_bytes(whole + (whole[:20] + b"\n") * 300)
        assert "line 5 is no record" in audit.verify(path).problems

    def test_the_killed_run_is_missed(self, path: Path) -> None:
        """The run whose record was torn has no end, and that is said."""
        trail = audit.Trail.open(path, RUN)
        trail.append("opened")
        path.write_bytes(path.read_bytes() + b'{"version":1,"ti')
        found = audit.verify(path)
        assert found.torn == (2,)
        assert "opened and not closed" in found.unclosed[0]

    def test_garbage_is_not_taken_for_torn(self, path: Path) -> None:
        """Only the beginning of a record can be a torn one."""
        _run(path)
        path.write_bytes(path.read_bytes() + b"garbage")
        assert audit.verify(path).problems == ("line 5 is no record",)
        _run(path)
        assert audit.verify(path).problems == ("line 5 is no record",)


class TestVerify:
    """Every change is seen, with its line."""

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            pytest.param(_edit, "line 2 was edited", id="edited"),
            pytest.param(lambda lines: lines.pop(1), "before line 2, 1 record", id="removed"),
            pytest.param(lambda lines: lines.pop(0), "before line 1, 1 record", id="beheaded"),
            pytest.param(lambda lines: lines.insert(2, lines[1]), "line 3 was moved", id="copied"),
            pytest.param(lambda lines: lines.insert(1, b"{}\n"), "line 2 is no", id="inserted"),
            pytest.param(lambda lines: lines.insert(1, b"\n"), "line 2 is no", id="blank"),
            pytest.param(lambda lines: lines.reverse(), "before line 1, 3 record", id="reversed"),
            pytest.param(lambda lines: lines.pop(), "the head is not in", id="cut off"),
            pytest.param(lambda lines: lines.clear(), "the head is not in", id="emptied"),
        ],
    )
    def test_one_change(
        self, path: Path, change: Callable[[list[bytes]], None], expected: str
    ) -> None:
        """Edited, removed, inserted, moved or cut off: the first problem says which line."""
        head = _run(path)
        _change(path, change)
        assert expected in audit.verify(path, head=head.digest).problems[0]

    def test_a_cut_that_only_the_head_shows(self, path: Path) -> None:
        """Whole runs cut off the end are missed without a head, and seen with it."""
        _run(path)
        head = _run(path, OTHER)
        _change(path, lambda lines: lines.__delitem__(slice(4, None)))
        assert audit.verify(path).whole
        assert not audit.verify(path, head=head.digest).whole

    @pytest.mark.parametrize("known", [False, True], ids=["without a head", "with a head"])
    def test_a_run_that_still_runs(self, path: Path, known: bool) -> None:
        """A run without an end is told with its line, and does not make a whole trail broken."""
        still = audit.Trail.open(path, OTHER)
        still.append("opened")
        head = _run(path)
        still.append("fetched")
        found = audit.verify(path, head=head.printed if known else None)
        assert (found.problems, found.runs) == ((), 2)
        (told,) = found.unclosed
        assert told.startswith("line 1: run github/4711/1/test was opened and not closed")
        still.close()
        assert audit.verify(path).unclosed == ()

    def test_a_cut_in_mid_run_is_told_without_a_head_too(self, path: Path) -> None:
        """Without a head nothing proves it, for a killed run looks the same; with it, it is one."""
        head = _run(path)
        _change(path, lambda lines: lines.__delitem__(-1))
        found = audit.verify(path)
        assert found.whole
        assert "its end was cut off" in found.unclosed[0]
        assert not audit.verify(path, head=head.printed).whole

    def test_the_head_as_it_is_printed(self, path: Path) -> None:
        """With its count, in upper case or among spaces: what stands in a log is what is taken."""
        head = _run(path)
        for shown in (head.printed, head.printed.upper(), f"  {head.digest.upper()}\n"):
            assert audit.verify(path, head=shown).whole
        (problem,) = audit.verify(path, head=f"{head.digest} (3 records)").problems
        assert problem == "the head is in line 4, and is that of 4 records, not of 3"

    def test_the_head_of_a_record_that_ends_no_run(self, path: Path) -> None:
        """Any record proves what stood before it; only a `closed` one has a count."""
        _run(path)
        digest = _records(path)[1]["hash"]
        assert audit.verify(path, head=digest).whole
        (problem,) = audit.verify(path, head=f"{digest} (4 records)").problems
        assert problem == "the head is in line 2, which ends no run"

    @pytest.mark.parametrize("given", ["", "5f2c…", "x" * 64, "a" * 63, "'"])
    def test_what_is_no_head(self, path: Path, given: str) -> None:
        """A head that was copied in part is a wrong command line, and says nothing of the trail."""
        _run(path)
        with pytest.raises(UsageError, match="is no head"):
            audit.verify(path, head=given)

    def test_an_older_head_still_holds(self, path: Path) -> None:
        """The head of an earlier run proves what stood before it."""
        head = _run(path)
        _run(path, OTHER)
        assert audit.verify(path, head=head.digest).whole

    def test_a_run_that_goes_on_after_its_end(self, path: Path) -> None:
        """A record behind its own run's `closed` was put there by somebody."""
        trail = audit.Trail.open(path, RUN)
        handover = trail.handover()
        trail.close()
        audit.Trail.open(path, RUN, resume=handover).append("late")
        assert "goes on after it was closed" in audit.verify(path).problems[0]

    @given(st.data())
    @settings(max_examples=150)
    def test_any_byte_changed(self, tmp_path: Path, data: st.DataObject) -> None:
        """Whatever byte is changed, removed or put in: never whole under a key and its head."""
        original = tmp_path / "original"
        if not original.exists():
            (tmp_path / "head").write_text(_run(original, key=KEY).digest)
        content = bytearray(original.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        new = data.draw(st.binary(max_size=2))
        assume(new != content[place : place + 1])
        content[place : place + 1] = new
        path = tmp_path / "changed"
        path.write_bytes(content)
        assert not audit.verify(path, head=(tmp_path / "head").read_text(), key=KEY).whole

    @given(st.binary(max_size=300), st.integers(0, 4))
    def test_any_garbage(self, tmp_path: Path, garbage: bytes, place: int) -> None:
        """Binary garbage anywhere is told, never raises, and the trail can go on behind it."""
        assume(garbage.strip() and not b'{"version":1'.startswith(garbage[:12]))
        path = tmp_path / "audit.jsonl"
        path.unlink(missing_ok=True)
        _run(path)
        _change(path, lambda lines: lines.insert(place, garbage))
        assert not audit.verify(path).whole
        trail = audit.Trail.open(path, OTHER)
        trail.append("opened")
        assert trail.notices == []

    @pytest.mark.parametrize(
        "garbage",
        [
            pytest.param(b"\n" * 300_000, id="lines"),
            pytest.param(b"\x00" * 5_000_000, id="zeros"),
            pytest.param(b"[" * 2_000_000 + b"\n", id="brackets"),
            pytest.param(b'{"version":1,"time":"' + b"x" * 5_000_000, id="a huge beginning"),
            pytest.param(b'{"a":' * 100_000 + _END, id="deep"),
            pytest.param(b'{"version":1,"run":[],"facts":{}' + _END, id="other types"),
            pytest.param(b'{"version":1,"seq":' + b"9" * 5_000 + _END, id="a huge number"),
        ],
    )
    def test_huge_garbage(self, path: Path, garbage: bytes) -> None:
        """Megabytes of it are read once, and few problems are listed; line numbers stay right."""
        path.write_bytes(garbage)
        found = audit.verify(path)
        assert found.problems[0] == "line 1 is no record"
        assert len(found.problems) <= 101
        _run(path)
        assert audit.verify(path).records == 4

    def test_a_long_line_is_one_line(self, path: Path) -> None:
        """A line longer than any record counts once."""
        path.write_bytes(b"x" * 3_000_000 + b"\n" + b"y\n")
        assert audit.verify(path).problems == ("line 1 is no record", "line 2 is no record")


class TestKey:
    """With an operator's key, whoever can write the file still cannot bind it anew."""

    def test_only_the_key_opens_it(self, path: Path) -> None:
        """With the key it is whole; with another or none it is not, and the text asks for it."""
        head = _run(path, key=KEY).digest
        assert audit.verify(path, head=head, key=KEY).whole
        assert "line 1 was edited" in audit.verify(path, key=bytes(32)).problems[0]
        (asked,) = audit.verify(path).problems
        assert "is the operator's key given" in asked

    def test_a_forged_chain(self, path: Path) -> None:
        """A chain that was made anew without the key is not taken for the operator's."""
        _run(path)
        assert "is bound by sha256" in audit.verify(path, key=KEY).problems[0]

    def test_fingerprints(self, path: Path) -> None:
        """Values of 16 characters get an HMAC that differs from plain HMACs; shorter ones none."""
        keyed = audit.Trail.open(path, RUN, key=KEY)
        value = Secret("made-up-value-16")
        assert keyed.fingerprint(value) == keyed.fingerprint(Secret("made-up-value-16"))
        assert keyed.fingerprint(value) != keyed.fingerprint(Secret("made-up-value-17"))
        assert keyed.fingerprint(Secret("made-up-value-1")) is None
        assert keyed.fingerprint(Secret("\U0001f511" * 15)) is None
        assert keyed.fingerprint(Secret(b"\xff" * 16)) is not None
        assert audit.Trail.open(path, RUN).fingerprint(value) is None

    def test_a_key_file(self, tmp_path: Path) -> None:
        """A key is read from a private file, with or without a line end."""
        file = tmp_path / "key"
        file.write_bytes(b"k" * 32 + b"\r\n")
        file.chmod(0o600)
        assert audit.load_key(str(file)) == b"k" * 32

    def test_a_descriptor(self) -> None:
        """A key is read from an open descriptor, such as the end of a pipe."""
        reader, writer = os.pipe()
        os.write(writer, KEY)
        os.close(writer)
        assert audit.load_key(str(reader)) == KEY

    @pytest.mark.parametrize(
        ("content", "mode", "expected"),
        [
            (b"\x01" * 31 + b"\n", 0o600, "has 31 bytes"),
            (KEY, 0o604, "can be read by everybody"),
        ],
    )
    def test_a_bad_key(self, tmp_path: Path, content: bytes, mode: int, expected: str) -> None:
        """A key that is short, or that everybody can read, is refused."""
        file = tmp_path / "key"
        file.write_bytes(content)
        file.chmod(mode)
        with pytest.raises(ConfigError, match=expected):
            audit.load_key(str(file))

    @pytest.mark.parametrize("source", ["/missing/key", "/", "987654", "9" * 40, "", "a\0b"])
    def test_no_key(self, source: str) -> None:
        """A key that cannot be read is a mistake of the configuration."""
        with pytest.raises(ConfigError, match="cannot be read"):
            audit.load_key(source)
