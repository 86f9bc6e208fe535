"""Commands for a runner."""

import io
import sys
from pathlib import Path

import pytest

from ci_secrets.errors import OutputRefusedError
from ci_secrets.platforms.spoken import speak


def test_they_are_printed_on_stderr(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """In their order and as they are."""
    speak([b"::one::\n", b"::two::\xff\n"])
    assert capfdbinary.readouterr() == (b"", b"::one::\n::two::\xff\n")


def test_what_cannot_be_printed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to change, and shows none of the lines."""
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(full))
        with pytest.raises(OutputRefusedError, match="Standard error cannot be written") as caught:
            speak([b"::add-mask::made-up\n"])
    told = f"{caught.value.what} {caught.value.cause} {caught.value.fix}"
    assert "No space left on device" in told
    assert "2>&-" in told
    assert "made-up" not in told
