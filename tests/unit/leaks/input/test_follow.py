"""Logs that are still being written."""

import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.input.follow import KEPT, followed, until_signal
from ci_secrets.leaks.input.source import Source
from ci_secrets.leaks.scan import scan_sources
from tests.ordinary import TOO_LONG
from tests.patience import wait_until
from tests.unit.leaks.strategies import engine_of

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})
LEAK = f"first\nlogin {PW} done\n".encode()


class Following:
    """A scan that follows a path in a thread; `read` is how many bytes it has seen."""

    def __init__(self, path: str, stdin: int | None = None) -> None:
        self.stop = threading.Event()
        self._sources: list[Source] = []
        self._path = path
        self._file = Path(os.devnull).open("rb") if stdin is None else os.fdopen(stdin, "rb")  # noqa: SIM115
        pool = ThreadPoolExecutor()
        self.report: Future[Report] = pool.submit(scan_sources, ENGINE, self._texts())
        pool.shutdown(wait=False)

    def _texts(self) -> Iterator[Source]:
        for source in followed(self._path, self._file, self.stop):
            self._sources.append(source)
            yield source

    @property
    def read(self) -> int:
        """Bytes so far, of all texts."""
        return sum(source.bytes for source in self._sources)

    def wait_for(self, count: int) -> None:
        """Wait until so many bytes were seen."""
        wait_until(lambda: self.read >= count)


@contextmanager
def following(path: Path | str, stdin: int | None = None) -> Iterator[Following]:
    """Follow, and stop at the end whatever happens."""
    begun = Following(str(path), stdin)
    try:
        yield begun
    finally:
        begun.stop.set()
        begun.report.result(30)
        begun._file.close()


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    """A value in two halves that come one after the other is found; places go on."""
    log = tmp_path / "log"
    log.write_bytes(LEAK[:15])
    with following(log) as scan, log.open("ab", buffering=0) as writer:
        scan.wait_for(15)
        writer.write(LEAK[15:])
        scan.wait_for(len(LEAK))
        writer.write(LEAK)
        scan.stop.set()  # what stands there by now still counts
        report = scan.report.result(30)
    assert [one.line for one in report.findings] == [2, 4]
    assert [entry.state for entry in report.coverage] == ["complete"]
    assert report.bytes == 2 * len(LEAK)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_new_beginning(tmp_path: Path, rotated: bool) -> None:
    """A file that is cut, or replaced by another, is read on from the beginning of the new text."""
    log = tmp_path / "log"
    log.write_bytes(b"x\n" * 500 + LEAK)
    with following(log) as scan:
        scan.wait_for(1000 + len(LEAK))
        if rotated:
            log.rename(tmp_path / "log.1")
        log.write_bytes(LEAK)
        scan.wait_for(1000 + 2 * len(LEAK))
        scan.stop.set()
        report = scan.report.result(30)
    assert [(one.file, one.line) for one in report.findings] == [(str(log), 502), (str(log), 2)]
    assert [entry.state for entry in report.coverage] == ["complete"]


def beginning(
    log: Path, stop: threading.Event | None = None
) -> tuple[Iterator[Source], Iterator[bytes]]:
    """The texts of a log that is followed, and what comes of the first one after a pause."""
    log.write_bytes(b"begin\n")
    texts = followed(str(log), io.BytesIO(), stop or threading.Event())
    chunks = next(texts).chunks()
    assert (next(chunks), next(chunks)) == (b"begin\n", b"")
    return texts, chunks


def test_a_new_text_that_is_longer_already(tmp_path: Path) -> None:
    """A file that is cut and has grown beyond what it was before anybody looked is a new text."""
    log = tmp_path / "log"
    texts, chunks = beginning(log)
    log.write_bytes(LEAK + b"0" * 500)
    assert next(chunks, None) is None
    assert next(next(texts).chunks()) == LEAK + b"0" * 500


def test_the_end_of_a_rotated_file_is_told_at_once(tmp_path: Path) -> None:
    """It may take long until the next one ends."""
    log = tmp_path / "log"
    texts, chunks = beginning(log)
    with log.open("ab") as writer:
        log.rename(tmp_path / "log.1")
        log.write_bytes(b"new\n")
        writer.write(LEAK)
    assert list(chunks) == [LEAK, b""]
    assert next(next(texts).chunks()) == b"new\n"


def test_a_file_that_is_new_when_the_end_comes_is_read(tmp_path: Path) -> None:
    """What the name holds when somebody says stop still counts."""
    log = tmp_path / "log"
    stop = threading.Event()
    texts, chunks = beginning(log, stop)
    log.rename(tmp_path / "log.1")
    log.write_bytes(LEAK)
    stop.set()
    assert next(chunks, None) is None
    assert [list(text.chunks()) for text in texts] == [[LEAK, b""]]


def test_a_file_in_its_place_that_cannot_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text was not read, so the log is not complete."""
    log = tmp_path / "log"
    log.write_bytes(b"one\n")
    with following(log) as scan:
        scan.wait_for(4)
        monkeypatch.setattr("ci_secrets.leaks.input.follow.opened", lambda _: None)
        (tmp_path / "new").write_bytes(LEAK)
        log.rename(tmp_path / "log.1")
        (tmp_path / "new").rename(log)
        scan.stop.set()
        report = scan.report.result(30)
    assert "none" in [entry.state for entry in report.coverage]


def test_a_pipe_ends_with_its_writer() -> None:
    """At the end of the pipe all of it was read, with no signal."""
    ours, theirs = os.pipe()
    with following("-", ours) as scan:
        os.write(theirs, LEAK)
        os.close(theirs)
        report = scan.report.result(30)
    assert len(report.findings) == 1
    assert [entry.state for entry in report.coverage] == ["complete"]


def test_a_pipe_that_is_given_up() -> None:
    """Stopped before its writer ends, what has come is scanned, and the tail is missing."""
    ours, theirs = os.pipe()
    with following("-", ours) as scan:
        os.write(theirs, LEAK)
        scan.stop.set()
        report = scan.report.result(30)
    os.close(theirs)
    assert len(report.findings) == 1
    assert [entry.state for entry in report.coverage] == ["tail-missing"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A typing error is not waited for."""
    nothing = io.BytesIO()
    with pytest.raises(UsageError, match="to follow"):
        list(followed(str(tmp_path / "absent"), nothing, threading.Event()))


def test_what_is_no_file_is_not_said_to_be_absent(tmp_path: Path) -> None:
    """A folder and a pipe are there; what cannot be looked at may be."""
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "is no regular file"),
        (tmp_path / "pipe", "is no regular file"),
        (tmp_path / TOO_LONG, "cannot be looked at: File name too long"),
    ):
        with pytest.raises(UsageError, match=said):
            list(followed(str(path), io.BytesIO(), threading.Event()))


class AtThirdLook(threading.Event):
    """Waits for nothing, and does something when it is asked to wait for the third time."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act
        self._looks = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Count."""
        self._looks += 1
        if self._looks == 3:
            self._act()
        return super().wait(0 if timeout else None)


def test_a_writer_that_has_not_opened_the_new_file_yet(tmp_path: Path) -> None:
    """A rotated file is read on until it is quiet, and only then the new one."""
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        texts, chunks = beginning(log, AtThirdLook(lambda: writer.write(LEAK)))
        log.rename(tmp_path / "log.1")
        log.write_bytes(b"new\n")
        assert list(chunks) == [LEAK, b""]
    assert next(next(texts).chunks()) == b"new\n"


@pytest.mark.parametrize(
    ("begun", "states"), [(b"", {"complete"}), (b"two: ", {"complete", "tail-missing"})]
)
def test_a_writer_that_never_opens_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes, states: set[str]
) -> None:
    """What comes while the new file is read is read at the end; places go on in the old one.

    A value that began in a line before is not found in its rest: that is not called complete.
    """
    monkeypatch.setattr("ci_secrets.leaks.input.follow.QUIET", 1)
    log = tmp_path / "log"
    log.write_bytes(b"one\n" + begun)
    with following(log) as scan, log.open("ab", buffering=0) as writer:
        scan.wait_for(4 + len(begun))
        log.rename(tmp_path / "log.1")
        log.write_bytes(b"new\n" + LEAK)
        scan.wait_for(4 + len(begun) + 4 + len(LEAK))
        writer.write(f"login {PW}\n{PW}\n".encode())
        scan.stop.set()
        report = scan.report.result(30)
    places = sorted((one.line, one.column) for one in report.findings)
    assert places == [(2, 7 + len(begun)), (3, 1), (3, 7)]
    assert {entry.state for entry in report.coverage} == states


def test_a_rotated_file_in_utf16_is_not_called_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes late cannot be told for what it is, so it is missing."""
    monkeypatch.setattr("ci_secrets.leaks.input.follow.QUIET", 1)
    log = tmp_path / "log"
    log.write_bytes("one\n".encode("utf-16"))
    with following(log) as scan, log.open("ab", buffering=0) as writer:
        scan.wait_for(10)
        log.rename(tmp_path / "log.1")
        log.write_bytes(b"new\n")
        scan.wait_for(14)
        writer.write(PW.encode("utf-16-le"))
        scan.stop.set()
        report = scan.report.result(30)
    assert [entry.state for entry in report.coverage] == ["complete", "tail-missing"]


def test_many_rotations_keep_few_files_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows a log for weeks does not run out of descriptors."""
    monkeypatch.setattr("ci_secrets.leaks.input.follow.QUIET", 1)
    monkeypatch.setattr("ci_secrets.leaks.input.follow.PAUSE", 0.01)
    log = tmp_path / "log"
    log.write_bytes(b"0000\n")
    texts = followed(str(log), io.BytesIO(), threading.Event())
    for count in range(1, KEPT + 5):
        chunks = next(texts).chunks()
        log.rename(tmp_path / f"log.{count}")
        log.write_bytes(b"%04d\n" % count)
        assert list(chunks) == [b"%04d\n" % (count - 1), b""]
        held = [os.path.realpath(it) for it in Path("/proc/self/fd").iterdir()]
        assert sum(it.startswith(str(tmp_path)) for it in held) <= KEPT + 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_signals_only_stop(signum: signal.Signals) -> None:
    """Within, a signal ends nothing but the reading; afterwards it is what it was."""
    before = signal.signal(signum, signal.SIG_DFL)
    try:
        with until_signal() as stop:
            os.kill(os.getpid(), signum)
            assert stop.wait(30)
        assert signal.getsignal(signum) is signal.SIG_DFL
    finally:
        signal.signal(signum, before)
