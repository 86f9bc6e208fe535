"""GitLab's dotenv report carries plain single-line values, and refuses the rest."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.delivery import dotenv
from ci_secrets.errors import OutputRefusedError
from ci_secrets.secret import Secret

_SAFE = "".join(set(string.printable) - set(string.whitespace) - {"$"})


@given(st.text(_SAFE))
def test_carried(value: str) -> None:
    """Printable ASCII without spaces and `$` stands there as it is."""
    assert dotenv.render([("KEY", Secret(value))]) == f"KEY={value}\n".encode()


@pytest.mark.parametrize(
    "value", [b"two words", b"a\nb", b"a\r", b"tab\t", b"$HOME", "ü".encode(), b"\0", b"end "]
)
def test_refused(tmp_path: Path, value: bytes) -> None:
    """What GitLab would change is refused, and then there is no file."""
    with pytest.raises(OutputRefusedError, match="KEY"):
        dotenv.write(tmp_path / "report.env", [("OK", Secret("1")), ("KEY", Secret(value))])
    assert list(tmp_path.iterdir()) == []


def test_written(tmp_path: Path) -> None:
    """The report is a new private file."""
    path = tmp_path / "report.env"
    dotenv.write(path, [("A", Secret("1")), ("B", Secret("two'\"="))])
    assert path.read_bytes() == b"A=1\nB=two'\"=\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(OutputRefusedError):
        dotenv.write(path, [("A", Secret("2"))])


def test_warning() -> None:
    """The warning says that the report is an artifact."""
    assert "artifact" in dotenv.WARNING
