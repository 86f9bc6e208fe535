"""The private place where a shell asks its keeper: only who knows the key is answered."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_secrets.delivery.meeting import Add, Answer, Asked, End, Meeting, Question, ask, meeting
from ci_secrets.errors import NotClosedError, OutputRefusedError

KEY = "made-up-key"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Meeting]:
    """Give a meeting in a directory of the test."""
    with meeting({"XDG_RUNTIME_DIR": str(tmp_path)}, KEY) as opened:
        yield opened


def serve(place: Meeting, answer: Answer, seen: list[Question | None]) -> threading.Thread:
    """Answer one question in the background."""

    def once() -> None:
        asked = place.asked()
        seen.append(asked.question if asked else None)
        if isinstance(asked, Asked):
            asked.answer(answer)

    thread = threading.Thread(target=once)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "question",
    [End(0), End(143), Add(["activate", "--role", "ü"], {"NAME": "a\udcffb", "N": "1"}, "/tmp")],
)
def test_a_question_and_its_answer(place: Meeting, question: Question) -> None:
    """Both arrive as they were sent, bytes of the environment and of the text included."""
    seen: list[Question | None] = []
    thread = serve(place, Answer(7, b"text\n\xff"), seen)
    assert ask(place.home, KEY, question) == Answer(7, b"text\n\xff")
    thread.join()
    assert seen == [question]


@pytest.mark.parametrize(
    "said",
    [
        b"", b"nonsense", b'["end", 0]', b'another\n["end", 0]', b'\n["end", 0]', b"[" * 100_000,
        b"made-up-key", b"made-up-key\nnonsense", b"made-up-key\n{}", b'made-up-key\n["end", "0"]',
        b'made-up-key\n["add", [], 3, "/"]',
    ],
)  # fmt: skip
def test_whoever_does_not_know_the_key_is_not_answered(place: Meeting, said: bytes) -> None:
    """Nor is what is no question; the keeper goes on."""
    seen: list[Question | None] = []
    thread = serve(place, Answer(0), seen)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(place.home / "socket"))
        stranger.sendall(said)
        stranger.shutdown(socket.SHUT_WR)
        assert stranger.recv(10) == b""
    thread.join()
    assert seen == [None]


def test_a_keeper_that_is_gone_is_no_success(place: Meeting) -> None:
    """One that dies before it answers, or never was there, is exit 9 with what to do."""
    thread = threading.Thread(target=lambda: place._socket.accept()[0].close())
    thread.start()
    with pytest.raises(NotClosedError, match="is gone") as caught:
        ask(place.home, KEY, End(0))
    thread.join()
    assert "ci-secrets finish" in caught.value.fix
    place.close()
    with pytest.raises(NotClosedError, match="is gone"):
        ask(place.home, KEY, End(0))


def test_the_place_is_private_and_goes_away(place: Meeting) -> None:
    """Nobody else can enter, and afterwards nothing is there."""
    assert place.home.stat().st_mode & 0o777 == 0o700
    reader = place.output()
    writer = os.open(place.home / "output", os.O_WRONLY)
    os.write(writer, b"x")
    assert os.read(reader, 10) == b"x"
    os.close(reader)
    os.close(writer)
    place.close()
    assert not place.home.exists()


def test_a_path_that_is_too_long_for_a_socket_is_passed_over(tmp_path: Path) -> None:
    """108 bytes are all that a socket's path may have: another directory is taken then."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with meeting({"XDG_RUNTIME_DIR": str(deep), "TMPDIR": str(tmp_path)}, KEY) as place:
        assert place.home.parent == tmp_path
    assert list(deep.iterdir()) == []


def test_no_place_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no directory can be written the shell is refused, before anything is handed over."""
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: (_ for _ in ()).throw(OSError))
    with pytest.raises(OutputRefusedError, match="no place"), meeting({}, KEY):
        pass
