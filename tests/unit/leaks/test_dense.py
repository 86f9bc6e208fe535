"""Logs that hold hardly anything but values."""

import random
import string

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
