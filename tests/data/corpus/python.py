"""What Python itself prints: its representations, its modules for text, formats and archives."""

import array
import ast
import base64
import binascii
import bz2
import configparser
import csv
import difflib
import email.header
import email.mime.text
import gzip
import html
import io
import json
import logging
import lzma
import pickle
import plistlib
import pprint
import quopri
import shlex
import sqlite3
import subprocess
import textwrap
import traceback
import unittest
import urllib.parse
import xml.etree.ElementTree as ET
import xml.sax.saxutils
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import yaml

from tests.data.corpus.way import ALL, ASCII, LINE, Python, Way


def table(
    rows: Mapping[str, Callable[[str], str | bytes]],
    *,
    by_rule: bool = False,
    kinds: tuple[str, ...] = ALL,
    why: str = "",
    alone: bool = False,
    outside: bool = True,
) -> Iterable[Way]:
    """Ways from names and functions; the name says what prints it."""
    return [
        Way(
            name=name,
            words=name.replace("-", " ") + (" (by rule)" if by_rule else ""),
            how=Python(function=function, by_rule=by_rule),
            kinds=kinds,
            why=why,
            alone=alone,
            outside=outside,
        )
        for name, function in rows.items()
    ]


def run(
    ways: Iterable[Way], subjects: Mapping[tuple[str, str], bytes]
) -> dict[tuple[str, str], bytes]:
    """What the functions print for (way, kind) → value."""
    printed = {}
    for way in ways:
        if isinstance(way.how, Python):
            for kind in way.kinds:
                text = way.how.function(subjects[way.name, kind].decode())
                printed[way.name, kind] = text.encode() if isinstance(text, str) else text
    return printed


def _raised(work: Callable[[], object]) -> str:
    try:
        work()
    except Exception:
        return traceback.format_exc()
    raise AssertionError("it was to raise")


def _raise(error: Exception) -> None:
    raise error


def _logged(value: str) -> str:
    record = logging.LogRecord("app", logging.INFO, "app.py", 7, "login %r", (value,), None)
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s").format(record)


def _unittest(value: str) -> str:
    case = unittest.TestCase()
    case.maxDiff = None
    equal = case.assertEqual
    return _raised(lambda: equal({"token": value}, {"token": "x"}))


def _unittest_lines(value: str) -> str:
    case = unittest.TestCase()
    case.maxDiff = None
    equal = case.assertMultiLineEqual
    return _raised(lambda: equal(f"a\n{value}\nb\n", "a\nb\n"))


def _csv(value: str, **options: Any) -> str:
    text = io.StringIO()
    csv.writer(text, **options).writerow(["key", value, 1])
    return text.getvalue()


def _config(value: str) -> str:
    parser = configparser.RawConfigParser()
    parser["ci"] = {"user": "ci", "token": value}
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _xml(value: str, *, attribute: bool = False, encoding: str = "unicode") -> str | bytes:
    root = ET.Element("settings")
    ET.SubElement(root, "password", {"value": value} if attribute else {}).text = value
    text: str | bytes = ET.tostring(root, encoding)
    return text


def _sql(value: str, query: str) -> str:
    with sqlite3.connect(":memory:") as database:
        (row,) = database.execute(query, (value,))
    database.close()
    return str(row[0])


def _dump(value: str) -> str:
    with sqlite3.connect(":memory:") as database:
        database.execute("create table secrets (id integer, value text, raw blob)")
        database.execute("insert into secrets values (1, ?, ?)", (value, value.encode()))
    text = "\n".join(database.iterdump())
    database.close()
    return text


def _yaml(value: str, **options: Any) -> str:
    document = {"env": {"TOKEN": value, "n": 1}}
    return str(yaml.safe_dump(document, **options))


def _mime(value: str) -> str:
    return email.mime.text.MIMEText(value, "plain", "utf-8").as_string()


def _wrapped(value: str) -> str:
    return textwrap.fill(value, 20, break_long_words=True, drop_whitespace=False)


REPRESENTATIONS: Final = table({
    "python-repr": repr,
    "python-ascii": ascii,
    "python-repr-bytes": lambda v: repr(v.encode()),
    "python-repr-repr": lambda v: repr(repr(v)),
    "python-repr-dict": lambda v: str({"env": {"TOKEN": v, "n": 1}}),
    "python-repr-list": lambda v: repr(v.splitlines()),
    "python-bytes-list": lambda v: repr(list(v.encode())),
    "python-bytes-tuple": lambda v: repr(tuple(v.encode())),
    "python-bytearray": lambda v: repr(bytearray(v.encode())),
    "python-ords": lambda v: repr([ord(c) for c in v]),
    "python-chars": lambda v: repr(list(v)),
    "python-spaced": " ".join,
    "python-pprint": lambda v: pprint.pformat({"env": {"TOKEN": v, "user": "ci"}}, width=40),
    "python-pprint-bytes": lambda v: pprint.pformat([v.encode()], width=30),
    "python-ast": lambda v: ast.dump(ast.parse(f"token = {v!r}"), indent=2),
    "python-hex-list": lambda v: repr([hex(b) for b in v.encode()]),
    "python-hex-words": lambda v: v.encode().hex(" ", 2),
    "python-hex-words-4": lambda v: v.encode().hex("_", -4),
    "python-hex-colons": lambda v: v.encode().hex(":"),
    "python-bits": lambda v: " ".join(f"{b:08b}" for b in v.encode()),
    "python-octal": lambda v: repr([oct(b) for b in v.encode()]),
    "python-decimals-3": lambda v: " ".join(f"{b:03}" for b in v.encode()),
    "python-enumerate": lambda v: repr(list(enumerate(v))),
    "python-char-codes": lambda v: repr([(c, ord(c)) for c in v]),
    "python-chars-dict": lambda v: pprint.pformat(dict(enumerate(v))),
    "python-bits-list": lambda v: repr([bin(b) for b in v.encode()]),
    "python-utf16": lambda v: repr(v.encode("utf-16-le")),
    "python-utf16-quoted": lambda v: urllib.parse.quote(v.encode("utf-16-le")),
    "python-words": lambda v: repr(array.array("H", (v + " " * (len(v.encode()) % 2)).encode())),
    "python-set-items": lambda v: "\n".join(f"{i}: {c}" for i, c in enumerate(v)),
    "python-unicode-escape": lambda v: v.encode("unicode_escape"),
    "python-backslashreplace": lambda v: v.encode("ascii", "backslashreplace"),
    "python-namereplace": lambda v: v.encode("ascii", "namereplace"),
    "python-xmlcharref": lambda v: v.encode("ascii", "xmlcharrefreplace"),
})  # fmt: skip
NUMBERS: Final = table(
    {
        "python-int": lambda v: str(int.from_bytes(v.encode())),
        "python-int-hex": lambda v: hex(int.from_bytes(v.encode())),
        "python-int-bits": lambda v: bin(int.from_bytes(v.encode())),
    },
    alone=True,
)
MESSAGES: Final = table({
    "python-logging": _logged,
    "python-traceback": lambda v: _raised(lambda: _raise(ValueError(f"bad token {v}"))),
    "python-keyerror": lambda v: _raised(lambda: dict[str, str]()[v]),
    "python-process-error": lambda v: _raised(
        lambda: _raise(subprocess.CalledProcessError(1, ["curl", "-u", f"ci:{v}"]))
    ),
    "python-json-error": lambda v: _raised(lambda: json.loads("[")) + v,
    "python-unittest": _unittest,
    "python-unittest-lines": _unittest_lines,
    "python-ndiff": lambda v: "".join(difflib.ndiff(["x = 1\n"], [f"x = {v}\n"])),
    "python-unified": lambda v: "\n".join(difflib.unified_diff(["x"], v.splitlines())),
    "python-textwrap": _wrapped,
    "python-indent": lambda v: textwrap.indent(_wrapped(v), "    > "),
    "python-shlex": shlex.quote,
    "python-shlex-join": lambda v: shlex.join(["curl", "-H", f"Authorization: {v}"]),
    "python-list2cmdline": lambda v: subprocess.list2cmdline(["deploy", "--key", v]),
})  # fmt: skip
CUT: Final = table(
    {"python-int-error": lambda v: _raised(lambda: int(v))},
    kinds=LINE,
    why="it prints the first 200 characters, of which of a document or key all are public",
)
FORMATS: Final = table({
    "python-json": lambda v: json.dumps({"a": [v]}),
    "python-json-utf8": lambda v: json.dumps({"a": [v]}, ensure_ascii=False, indent=4),
    "python-json-twice": lambda v: json.dumps({"a": json.dumps({"b": v})}),
    "python-json-thrice": lambda v: json.dumps([json.dumps([json.dumps([v])])]),
    "python-json-chars-1": lambda v: json.dumps(list(v), indent=1),
    "python-json-bytes": lambda v: json.dumps({"body": str(v.encode())}),
    "python-quote": urllib.parse.quote,
    "python-quote-all": lambda v: urllib.parse.quote(v, safe=""),
    "python-quote-plus": urllib.parse.quote_plus,
    "python-quote-twice": lambda v: urllib.parse.quote(urllib.parse.quote(v, safe=""), safe=""),
    "python-urlencode": lambda v: urllib.parse.urlencode({"a": 1, "token": v, "b": 2}),
    "python-html": html.escape,
    "python-html-twice": lambda v: html.escape(html.escape(v)),
    "python-xml-attribute": xml.sax.saxutils.quoteattr,
    "python-etree": _xml,
    "python-etree-attribute": lambda v: _xml(v, attribute=True),
    "python-etree-ascii": lambda v: _xml(v, encoding="us-ascii"),
    "python-plist": lambda v: plistlib.dumps({"token": v}),
    "python-plist-data": lambda v: plistlib.dumps({"token": v.encode()}),
    "python-config": _config,
    "python-csv": _csv,
    "python-csv-all": lambda v: _csv(v, quoting=csv.QUOTE_ALL, delimiter=";"),
    "python-csv-escaped": lambda v: _csv(v, quoting=csv.QUOTE_NONE, escapechar="\\"),
    "python-sql-quote": lambda v: _sql(v, "select quote(?)"),
    "python-sql-hex": lambda v: _sql(v, "select hex(?)"),
    "python-sql-dump": _dump,
    "python-mail-header": lambda v: email.header.Header(v, "utf-8").encode(),
    "python-mail-base64": _mime,
})  # fmt: skip
YAML: Final = table({
    "yaml": _yaml,
    "yaml-unicode": lambda v: _yaml(v, allow_unicode=True),
    "yaml-narrow": lambda v: _yaml(v, width=20),
    "yaml-single": lambda v: _yaml(v, default_style="'"),
    "yaml-single-narrow": lambda v: _yaml(v, default_style="'", width=20, allow_unicode=True),
    "yaml-double": lambda v: _yaml(v, default_style='"'),
    "yaml-double-narrow": lambda v: _yaml(v, default_style='"', width=20),
    "yaml-literal": lambda v: _yaml(v, default_style="|"),
    "yaml-literal-indent": lambda v: _yaml(v, default_style="|", indent=8, allow_unicode=True),
    "yaml-folded": lambda v: _yaml(v, default_style=">"),
    "yaml-folded-narrow": lambda v: _yaml(v, default_style=">", width=20, allow_unicode=True),
    "yaml-flow": lambda v: _yaml(v, default_flow_style=True, width=30),
    "yaml-binary": lambda v: str(yaml.safe_dump({"key": v.encode()})),
    "yaml-of-json": lambda v: _yaml(json.dumps({"a": v}), width=40),
})  # fmt: skip
CODECS: Final = table({
    "python-base64": lambda v: base64.b64encode(v.encode()),
    "python-base64-lines": lambda v: base64.encodebytes(v.encode()),
    "python-base64-repr": lambda v: repr(base64.encodebytes(v.encode())),
    "python-base32": lambda v: base64.b32encode(v.encode()),
    "python-base32hex": lambda v: base64.b32hexencode(v.encode()),
    "python-base16": lambda v: base64.b16encode(v.encode()),
    "python-base85": lambda v: base64.b85encode(v.encode()),
    "python-ascii85": lambda v: base64.a85encode(v.encode()),
    "python-ascii85-adobe": lambda v: base64.a85encode(v.encode(), adobe=True),
    "python-ascii85-wrapped": lambda v: base64.a85encode(v.encode(), wrapcol=40),
    "python-ascii85-spaces": lambda v: base64.a85encode(v.encode(), foldspaces=True),
    "python-qp": lambda v: quopri.encodestring(v.encode(), quotetabs=True),
    "python-qp-header": lambda v: quopri.encodestring(v.encode(), header=True),
    "python-qp-binascii": lambda v: binascii.b2a_qp(v.encode(), istext=False),
    "python-uu": lambda v: b"".join(
        binascii.b2a_uu(v.encode()[i : i + 45]) for i in range(0, len(v.encode()), 45)
    ),
    "python-uu-backtick": lambda v: b"".join(
        binascii.b2a_uu(v.encode()[i : i + 45], backtick=True)
        for i in range(0, len(v.encode()), 45)
    ),
    "python-gzip-base64": lambda v: base64.b64encode(gzip.compress(v.encode())),
    "python-gzip-base85": lambda v: base64.b85encode(gzip.compress(v.encode())),
    "python-gzip-repr": lambda v: repr(gzip.compress(v.encode())),
    "python-gzip-list": lambda v: repr(list(gzip.compress(v.encode()))),
    "python-gzip-ascii85": lambda v: base64.a85encode(gzip.compress(v.encode())),
    "python-zlib-repr": lambda v: repr(zlib.compress(v.encode())),
    "python-zlib-base64-url": lambda v: base64.urlsafe_b64encode(zlib.compress(v.encode(), 9)),
    "python-zlib-base85": lambda v: base64.b85encode(zlib.compress(v.encode())),
    "python-zlib-hex-colons": lambda v: zlib.compress(v.encode()).hex(":"),
    "python-bz2-base64": lambda v: base64.b64encode(bz2.compress(v.encode())),
    "python-bz2-repr": lambda v: repr(bz2.compress(v.encode())),
    "python-xz-repr": lambda v: repr(lzma.compress(v.encode())),
    "python-xz-base64": lambda v: base64.encodebytes(lzma.compress(v.encode())),
    "python-pickle-base64": lambda v: base64.b64encode(pickle.dumps({"token": v})),
    "python-reversed": lambda v: v[::-1],
    "python-upper": str.upper,
    "python-lower": str.lower,
    "python-title": str.title,
    "python-casefold": str.casefold,
})  # fmt: skip
LATIN: Final = table(
    {"python-pickle-0": lambda v: repr(pickle.dumps({"token": v}, protocol=0))},
    kinds=ASCII,
    why="it writes umlauts in Latin-1, and the rest in escapes",
)
WAYS: Final = (*REPRESENTATIONS, *NUMBERS, *MESSAGES, *CUT, *FORMATS, *YAML, *CODECS, *LATIN)
