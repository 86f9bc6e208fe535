"""The closer look at a stretch of a log."""

import base64
import gzip
import json
import random
from textwrap import wrap

import pytest

from ci_secrets.leaks.anchors import Anchor, Anchors
from ci_secrets.leaks.clues import clues_of
from ci_secrets.leaks.inspector import Inspector, _composed
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import engine_of

VALUE = "k7Zr-9f8e4XwQ2mB5tLp"


def test_what_is_noticed_is_explained_through_several_forms() -> None:
    """A packed value in base64 is found where the base64 stands, and told from the outside in."""
    encoded = base64.b64encode(gzip.compress(VALUE.encode()))
    text = b"key=" + encoded + b"\n"
    (hit, *_) = Inspector(engine_of({"V": VALUE})).inspect(text, [6])
    assert hit.needle.form in {("base64", "gzip"), ("base64", "deflate")}
    assert text[hit.start : hit.end].rstrip(b"=") in encoded


def test_nothing_is_made_up() -> None:
    """What was noticed but holds no value is given up."""
    assert Inspector(engine_of({"V": VALUE})).inspect(b"k7Zr-9f8 and nothing more", [7]) == []


def test_a_reading_that_turns_pieces_around_has_a_place_all_the_same() -> None:
    """The place of its text is never empty or backwards."""
    span = _composed(lambda _start, _end: (10, 4), lambda start, end: (start, end))
    low, high = span(0, 3)
    assert low < 4 <= 10 < high


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was read since."""
    read: list[bytes] = []
    find = Anchors.find

    def noted(self: Anchors, text: bytes, most: int | None = None) -> list[Anchor]:
        read.append(text)
        return find(self, text, most)

    monkeypatch.setattr(Anchors, "find", noted)
    return read


def test_packed_data_are_not_torn_apart(readings: list[bytes]) -> None:
    """Prefixes of lines decode, too, and come to packed data before the prefixes are undone."""
    key = base64.encodebytes(random.Random(1).randbytes(1200))  # noqa: S311
    packed = base64.encodebytes(gzip.compress(b"TOKEN=" + key, mtime=0))
    text = b"".join(b"2026-03-01T12:00:01.1234567Z %b\n" % row for row in packed.splitlines())
    assert Inspector(engine_of({"KEY": key.decode()})).inspect(text, [33])
    assert len(readings) < 45


def test_what_looks_torn_but_joins_to_nothing_costs_few_readings(readings: list[bytes]) -> None:
    """A list that happens to hold three letters of a value is read once, not in every way twice."""
    engine = engine_of({"V": VALUE})
    hint = next(
        one for one, clue in clues_of(engine.spelled[0]) if "torn" in clue.forms and b", " in one
    )
    line = (
        b'+    names = ["ab", "'
        + hint
        + b'", "some", "more"]\n+    a | b | c, 1-2-3-4; "x" + "y"\n'
    )
    text = b"".join(b"2026-01-02T03:04:05Z \x1b[1m%d\x1b[0m\t" % at + line for at in range(3))
    noticed = [anchor.at for anchor in engine.shelves[0].anchors.find(text)]
    assert noticed
    assert Inspector(engine).inspect(text, noticed) == []
    assert len(readings) < 22


@pytest.mark.parametrize("seed", range(3))
def test_a_dump_of_a_large_credential_is_found_between_other_lines(seed: int) -> None:
    """Of a few KB many other readings come first, and there is enough to spend on all of them."""
    rng = random.Random(seed)  # noqa: S311
    key = "\n".join(wrap(base64.b64encode(rng.randbytes(1217)).decode(), 64))
    value = json.dumps(
        {
            "type": "service_account",
            "project_id": "shop-127069",
            "private_key_id": "cc4e45cf9feae00afa07f149160be113b0f2f1e5",
            "private_key": f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n",
            "client_email": "deployer@shop-127069.iam.gserviceaccount.com",
            "client_id": "714995305060953498189",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": "https://oauth2.googleapis.com/token",
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/deployer%40shop",
            "universe_domain": "googleapis.com",
        },
        indent=2,
    )
    value += "\n"
    rows = [
        f"{at:08x}  {row[:8].hex(' '):23}  {row[8:].hex(' '):23}  |{_shown(row)}|"
        for at in range(0, len(value), 16)
        for row in [value.encode()[at : at + 16]]
    ]
    before = (
        "##[group]Run actions/checkout@v4\n"
        f'"integrity": "sha512-{base64.b64encode(rng.randbytes(64)).decode()}",\n'
        "ok  \tgithub.com/acme/shop/internal/db\t0.673s\tcoverage: 20.2% of statements\n"
        "request id 23760dfd-e73b-4785-8bf6-cff1a837aa7c status=200 dur=0.8096s"
    )
    behind = '{"level":"info","ts":2832097368,"msg":"listening"}\n ---> 7c677fcea2fe'
    log = "\n".join([before, *rows, f"{len(value):08x}", behind, ""])
    found = scan_stream(engine_of({"ACCOUNT": value}), [log.encode()], "x").findings
    assert [(one.line, one.end_line) for one in found] == [(5, 4 + len(rows))]


def _shown(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
