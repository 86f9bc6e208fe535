"""What the tests themselves rely on when they wait."""

from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.redact import Redactor
from ci_secrets.secret import Secret
from tests.patience import READY


def test_ready_is_never_held_back() -> None:
    """Even where a value begins with the word: what follows it there begins no form."""
    engine = build({"PW": Secret("READY-or-not-4711")})
    held = Redactor(engine)
    assert held.feed(b"READY\n") + held.idle() == b""
    line = f"{READY}\n".encode()
    told = Redactor(engine)
    assert told.feed(line) + told.idle() == line
