"""The threads that keep credentials alive, whatever the store answers."""

import io
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, UnreachableError
from ci_secrets.job.keeper import Keeper
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Kept, Mint, Notice
from tests import patience


class Session:
    """A session of which only the keeping is asked; each answer is given once."""

    def __init__(self, *answers: Kept | Exception, heartbeat: Exception | None = None) -> None:
        self.answers = list(answers)
        self.beats: list[int] = []
        self.mints: list[Mint | None] = []
        self.began = threading.Event()
        self.done = threading.Event()
        self._heartbeat = heartbeat
        self.tell: Callable[[], None] = lambda: None

    def on_lease(self, tell: Callable[[], None]) -> None:
        """Note whom to tell."""
        self.tell = tell

    def heartbeat(self, ttl_seconds: int) -> None:
        """Note the TTL."""
        self.beats.append(ttl_seconds)
        if self._heartbeat:
            raise self._heartbeat

    def keep(self, mint: Mint | None) -> Kept:
        """Give the next answer."""
        self.mints.append(mint)
        answer = self.answers.pop(0)
        self.began.set()
        if not self.answers:
            self.done.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Keeping:
    """What the job does with it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.console = Console(self.stream)
        self.learned: dict[str, Secret] = {}
        self.told: list[str] = []
        self.remint: Mint | None = None

    def learn(self, values: Mapping[str, Secret]) -> None:
        """Note them."""
        self.learned |= values

    def tell(self, notices: Sequence[Notice]) -> None:
        """Note them."""
        self.told += [notice.text for notice in notices]


def kept(keeping: Keeping, session: Any) -> None:
    """Run the keeper until the session has no more answers."""
    keeper = Keeper({"vault": session}, 5, keeping)
    keeper.start()
    assert session.done.wait(timeout=patience.SECONDS)
    keeper.stop()


FAR = Kept(next_in_seconds=600.0)


def test_the_ttl_is_lowered_first() -> None:
    """Once, to what was asked for; then it renews."""
    keeping, session = Keeping(), Session(Kept(next_in_seconds=0.0), FAR)
    kept(keeping, session)
    assert session.beats == [5]
    assert len(session.mints) == 2
    assert keeping.stream.getvalue() == ""


class Fetching(Session):
    """A session that mints a lease while a round goes on, and another one in the pause after."""

    def keep(self, mint: Mint | None) -> Kept:
        """Mint one."""
        kept = super().keep(mint)
        if self.answers:
            self.tell()
        return kept


@pytest.mark.parametrize("kind", [Session, Fetching])
def test_a_lease_that_comes_later_ends_the_pause(kind: type[Session]) -> None:
    """It may end long before the next renewal of what was there: it is looked at when it comes."""
    keeping, session = Keeping(), kind(FAR, FAR)
    keeper = Keeper(cast("dict[str, Any]", {"vault": session}), 5, keeping)
    keeper.start()
    if kind is Session:
        session.began.wait(timeout=patience.SECONDS)
        session.tell()
    assert session.done.wait(timeout=patience.SECONDS)
    keeper.stop()
    assert session.answers == []


def test_new_credentials_are_learned_and_notices_told() -> None:
    """What was minted meanwhile is secret from that moment."""
    keeping = Keeping()
    new = {"vault token 2": Secret("made-up")}
    notice = Notice(level="note", text="Logged in again.")
    kept(keeping, Session(Kept(next_in_seconds=600.0, notices=(notice,), new_credentials=new)))
    assert keeping.learned == new
    assert keeping.told == ["Logged in again."]


def test_a_ttl_that_cannot_be_lowered_is_said() -> None:
    """And all else goes on."""
    keeping = Keeping()
    kept(keeping, Session(FAR, heartbeat=UnreachableError("It did not answer.")))
    said = keeping.stream.getvalue()
    assert "keeps its full TTL: It did not answer." in said
    assert "kill -9" in said


def test_a_failure_is_a_warning_with_its_reason() -> None:
    """Foreseen ones say what happened."""
    keeping = Keeping()
    kept(keeping, Session(CiSecretsError("It was refused.")))
    assert "was not renewed: It was refused." in keeping.stream.getvalue()


class Hanging(Session):
    """A session whose store does not answer any more, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = threading.Event()

    def keep(self, mint: Mint | None) -> Kept:
        """Wait."""
        self.done.set()
        self.gone.wait(timeout=patience.SECONDS)
        return FAR


def test_a_cancelled_job_does_not_wait_for_renewals_that_hang() -> None:
    """Of many sessions neither: they have a second in all, of the ten that the CI gives us."""
    sessions = {str(number): Hanging() for number in range(9)}
    keeper = Keeper(cast("dict[str, Any]", sessions), 5, Keeping())
    keeper.start()
    assert all(session.done.wait(timeout=patience.SECONDS) for session in sessions.values())
    began = time.monotonic()
    keeper.stop(hurry=True)
    assert time.monotonic() - began < 5
    for session in sessions.values():
        session.gone.set()


def test_no_other_login_begins_once_the_run_is_ending() -> None:
    """A renewal that goes on after the end gets no JWT for a token that nobody would revoke."""
    keeping, session = Keeping(), Session(FAR)
    keeping.remint = Secret
    keeper = Keeper(cast("dict[str, Any]", {"vault": session}), 5, keeping)
    keeper.start()
    assert session.done.wait(timeout=patience.SECONDS)
    (mint,) = session.mints
    assert mint is not None
    assert mint("made-up") == Secret("made-up")
    keeper.stop()
    with pytest.raises(UnreachableError):
        mint("made-up")


def test_an_absurd_answer_ends_nothing_and_shows_nothing() -> None:
    """Unforeseen ones say their kind, not their text, which may hold what the store said."""
    keeping = Keeping()
    kept(keeping, Session(FAR, heartbeat=KeyError("hunter2")))
    kept(keeping, Session(ValueError("hunter2")))
    said = keeping.stream.getvalue()
    assert "(KeyError)" in said
    assert "(ValueError)" in said
    assert "hunter2" not in said
