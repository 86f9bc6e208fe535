"""Logs that hold hardly anything but values."""

import random
import string

import pytest

from ci_secrets.leaks.index import Hit
from ci_secrets.leaks.inspector import Inspector
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret


def test_every_value_of_a_dense_log_is_found() -> None:
    """However many values stand close together, each place is a finding."""
    rng = random.Random(1)  # noqa: S311
    values = ["".join(rng.choices(string.ascii_letters + string.digits, k=40)) for _ in range(20)]
    scanner = Scanner(build({f"V{at}": Secret(value) for at, value in enumerate(values)}))
    scanner.feed("".join(f"{value}\n" for value in values * 50).encode())
    scanner.finish()
    assert [one.line for one in scanner.report("log").findings] == list(range(1, 1001))


def test_values_in_one_long_line_are_read_once_more_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not each with all that stands around it, or a line of some KB would take minutes."""
    read: list[int] = []
    every = Inspector.every

    def counted(inspector: Inspector, text: bytes) -> list[Hit]:
        read.append(len(text))
        return every(inspector, text)

    monkeypatch.setattr(Inspector, "every", counted)
    value = b"s3cr3t-Tok3n-Value-9x"
    spaced = b" ".join(value[at : at + 1] for at in range(len(value)))
    log = b", ".join(b'{"id": %d, "auth": "%s"}' % (at, spaced) for at in range(300))
    scanner = Scanner(build({"TOKEN": Secret(value.decode())}))
    scanner.feed(log)
    scanner.finish()
    assert len(scanner.report("log").findings) == 300
    assert 0 < sum(read) < 8 * len(log)
