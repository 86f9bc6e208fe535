"""Parts of values: most of one, and both its ends around stars, where these say anything."""

import json
import pprint
from base64 import b64encode

import pytest

from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.scanner import Scanner
from tests.unit.leaks.strategies import engine_of

PASSWORD = "A1a-q8Zk2vX0pLw4"
ADDRESS = f"postgres://app-rw:{PASSWORD}@db-7f9c4d8b6.internal.example.com:5432/app?sslmode=require"
DOCUMENT = json.dumps({"user": "app-rw", "host": "db.example.com", "password": PASSWORD, "port": 1})
CLAIMS = (
    "eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYtMTEifQ."
    "eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIiwic3ViIjoicmVwbzphL2IiLCJhdWQiOiJ2YXVsdCIsImV4cCI6MTc5NX0"
)
SIGNATURE = "q8Zk2vX0pLw4Tn6Yb1Rc3Md5Kf7Hg9Js0Av2Wx4Ez6Uy8Io"


def scanned(value: str, text: str) -> list[Finding]:
    """The findings of a log of one line."""
    scanner = Scanner(engine_of({"DB": value}))
    scanner.feed(f"login {text} failed\n".encode())
    scanner.finish()
    return list(scanner.report("log").findings)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((ADDRESS, ADDRESS.replace(PASSWORD, stars)) for stars in ("***", "xxxxx", "...", "A***")),
        (ADDRESS, ADDRESS.partition("@")[2]),
        (DOCUMENT, DOCUMENT.replace(PASSWORD, "***")),
        (f"{CLAIMS}.{SIGNATURE}", CLAIMS),
        (f"{CLAIMS}.{SIGNATURE}", f"{CLAIMS}.***"),
        (f"https://app:{PASSWORD}@example.com/{'a-long-path/' * 12}", "a-long-path/" * 12),
    ],
)
def test_a_value_whose_secret_field_is_hidden_is_no_finding(value: str, shown: str) -> None:
    """That is how a password, or the signature of a token, is kept out of a log."""
    assert scanned(value, shown) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ADDRESS, ADDRESS.replace(PASSWORD, PASSWORD[:4] + "***" + PASSWORD[-4:])),
        (ADDRESS, ADDRESS[:23] + "***" + ADDRESS[-20:]),
        (ADDRESS, ADDRESS[4 + len(PASSWORD) :]),
        (DOCUMENT, DOCUMENT.replace(PASSWORD, PASSWORD[:8] + "***")),
        (f"{CLAIMS}.{SIGNATURE}", f"{CLAIMS}.{SIGNATURE[:5]}"),
        (PASSWORD, PASSWORD[:4] + "***" + PASSWORD[-4:]),
        (PASSWORD, PASSWORD[:12]),
    ],
)
def test_some_of_a_secret_field_is_a_finding(value: str, shown: str) -> None:
    """Four characters of it, in what is most of the value or both its ends."""
    assert [one.form for one in scanned(value, shown)] == [("partial",)]


SHORT = "Tr0ub4dor&3xy"
"""Random, of 13 characters."""


@pytest.mark.parametrize(
    "shown", ["Tr0ub4dor&3x", "r0ub4dor&3xy", "Tr0ub4dor&", "Tr0u****&3xy", "Tr0ub...r&3xy"]
)
def test_most_of_a_random_password_is_a_finding(shown: str) -> None:
    """It need not be as long as a token: nothing else looks like three quarters of it."""
    assert [one.form for one in scanned(SHORT, f"password is {shown} (cut)")] == [("partial",)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Tr0ub4dorX", "Tr0ub4dor"),
        (SHORT, "Tr0ub4dor"),
        ("correcthorse1", "correcthorse"),
        ("2026112812345", "202611281234"),
        ("deadbeef0123", "deadbeef012"),
    ],
)
def test_most_of_what_other_text_may_have_is_none(value: str, shown: str) -> None:
    """Shorter ones, words and numbers: a part of these stands in many logs."""
    assert scanned(value, f"x {shown} y") == []


def test_the_signature_of_a_token_is_found_alone() -> None:
    """With claims that can be guessed it is the token."""
    (finding,) = scanned(f"{CLAIMS}.{SIGNATURE}", SIGNATURE)
    assert finding.secret == "DB.signature"


TOKEN = "ghp_Km75CPnnrQn8elfVwDuNzmAsgZQP2yxAzPaC"
AWKWARD = "Z!$[`@~^3,;&r8du<6*>'Q]v=pO %t{(#I?|)\\fem:gf\"}"


def lines(prefix: str, text: str, width: int) -> str:
    """The text in lines of a width, each behind the prefix."""
    return "".join(f"{prefix}{text[at : at + width]}\n" for at in range(0, len(text), width))


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (TOKEN, lines("web-1  | ", b64encode(TOKEN.encode()).decode(), 40)),
        (AWKWARD, lines("web-1  | ", b64encode(AWKWARD.encode()).decode(), 60)),
        (TOKEN, lines("web-1  | ", TOKEN, 32)),
        (TOKEN, pprint.pformat(TOKEN.encode(), width=40)),
        (AWKWARD, json.dumps(list(AWKWARD), indent=2)),
        (
            "Žluťoučký 秘密 naïve кот EXNc1L",
            lines("2026-03-01T12:00:01.1234567Z ", "Žluťoučký 秘密 naïve кот EXNc1L", 1),
        ),
    ],
    ids=["base64", "base64 but for its last letter", "prefix", "pprint", "jq", "letters"],
)
def test_a_value_that_is_there_whole_is_told_as_such(value: str, printed: str) -> None:
    """Though most of it stands in one line, or is seen sooner than the rest."""
    findings = scanned(value, f"\n{printed}")
    assert findings
    assert all("partial" not in one.form for one in findings)
