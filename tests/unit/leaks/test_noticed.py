"""Disguises of which nothing is in sight but a head, or the shape of what stands for characters."""

import base64
import random
import subprocess
import zlib
from binascii import b2a_uu
from collections.abc import Callable
from textwrap import wrap
from typing import Final
from urllib.parse import quote, quote_plus

import pytest

from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import cut, engine_of

PASSWORD: Final = "7$'vpf!<O#`\"5LT;}%{ \\&b>Ny"
LETTERS: Final = "z8ID8🔑🎲🌍9h phREW海鍵北c3 m ioLpåçÄhu"
TOKEN: Final = "mZ4kQ81vXw2Rt7LpYd3cBn5hTg6jKs9f"
SIGNS: Final = "B$6P'{;\"0%B70\\<& }#`>!VIw"
SHORT: Final = "bG&KfExu8WMK"

_BODY: Final = base64.b64encode(random.Random(0).randbytes(600)).decode()  # noqa: S311
KEY: Final = "\n".join(
    ("-----BEGIN PRIVATE KEY-----", *wrap(_BODY, 64), "-----END PRIVATE KEY-----")
)


def od(value: str) -> bytes:
    """As `od -c` shows it."""
    done = subprocess.run(["od", "-c"], input=value.encode(), capture_output=True, check=True)
    return done.stdout


def uuencoded(data: bytes) -> bytes:
    """Lines as perl's `pack "u"` makes them."""
    return b"".join(b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))


def zlibbed(value: str) -> bytes:
    """Packed by zlib, as Python's usual level does it."""
    return zlib.compress(value.encode())


PRINTED: Final[dict[str, tuple[str, Callable[[str], bytes]]]] = {
    "zlib in base85 behind a tag": (
        PASSWORD,
        lambda value: b"<b>%b</b>" % base64.b85encode(zlibbed(value)),
    ),
    "zlib in base85 in an address": (
        TOKEN,
        lambda value: b"/v1/%b/status" % base64.b85encode(zlibbed(value)),
    ),
    "zlib in base32 in brackets": (
        PASSWORD,
        lambda value: b"(%b)" % base64.b32encode(zlibbed(value)),
    ),
    "hex behind which an h stands, of which none begins with 6": (
        SIGNS,
        lambda value: b" ".join(b"%02Xh" % byte for byte in value.encode()),
    ),
    "a byte in hex a line behind clocks, of small letters from p on and capitals": (
        SHORT,
        lambda value: b"".join(b"2026-03-01T12:00:01Z %02x\n" % byte for byte in value.encode()),
    ),
    "pieces of a line that was written over, many of them with a blank or percents": (
        SIGNS,
        lambda value: b"\r".join(cut(b"ization: Bearer %bzz;" % value.encode(), [6])),
    ),
    "zlib in base64 in an address": (
        TOKEN,
        lambda value: b"/v1/%b" % base64.b64encode(zlibbed(value)),
    ),
    "uuencode in base64": (
        PASSWORD,
        lambda value: base64.encodebytes(b"begin 644 k\n%b`\nend\n" % uuencoded(value.encode())),
    ),
    "a dump in base64": ("hz#DCTs8EFzz", lambda value: base64.encodebytes(od(value))),
    "lines of uuencode": (KEY, lambda value: uuencoded(b"ENV TOKEN=" + value.encode() + b"\n")),
    "octal codes with dots": (
        PASSWORD,
        lambda value: b"[info] %b (end)" % b".".join(b"%o" % byte for byte in value.encode()),
    ),
    "UTF-16 in percents": (
        f"-- {PASSWORD}",
        lambda value: b"data=%b&next=1" % quote(value.encode("utf-16-le")).encode(),
    ),
    "percents of percents of what was quoted": (
        LETTERS,
        lambda value: quote(quote_plus(value).replace("+", "%2B")).encode(),
    ),
    "characters of several bytes in pieces": (
        "海 鍵öÄba海🔑a🌍dçbé🔑é ßeÄc8e",
        lambda value: b" ".join(cut(b'"token":"%b"' % value.encode(), [6])),
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_value_is_noticed(name: str) -> None:
    """Whatever stands beside it."""
    value, printed = PRINTED[name]
    log = b"make all\n%b\nall made\n" % printed(value)
    report = scan_stream(engine_of({"PW": value}), [log], "job.log")
    assert {one.secret.partition(".")[0] for one in report.findings} == {"PW"}


def test_rows_of_numbers_tell_together() -> None:
    """Behind prefixes, where some rows alone show too little of the value to be noticed."""
    value = "kj7L0twJUa3Rs+uDks+e/QyW8b6mbYc7tD/lQdaUzz"
    data = f"k1: {value}\n".encode()
    log = b"".join(
        b"2026-03-01T12:00:01.123456789Z stdout F %07o" % at
        + b"".join(b" %4d" % byte for byte in data[at : at + 16])
        + b"\n"
        for at in range(0, len(data), 16)
    )
    (found,) = scan_stream(engine_of({"PW": value}), [log], "job.log").findings
    assert found.form == ("decimal",) or "partial" not in found.form
