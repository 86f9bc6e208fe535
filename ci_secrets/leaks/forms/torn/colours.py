"""Undoes what a terminal would not show: colours, links, titles, overstrikes and CI marks."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from ci_secrets.leaks.forms.reading import Piece
from ci_secrets.leaks.forms.torn.kept import rest

# Source: ECMA-48 §5.4 (control sequences), §5.6 (control strings), ECMA-35 §13.2 (nF, two bytes)
_CSI: Final = rb"\[[0-?]{0,48}[ -/]{0,8}[@-~]"
_NF: Final = rb"[ -/]{1,8}[0-~]"
_TWO: Final = rb"[0-OQ-WYZ\\`-~]"
_ESCAPE: Final = (
    # NOTE: as a byte, as a picture, and as `cat -v`, C, Python, bash, JSON, JavaScript, rsyslog
    # and `less` print it; often it was eaten on the way, and only `[31m` is left
    rb"(?:\x1b|\xe2\x90\x9b|\^\[|\\{1,4}(?:[xX]1[bB]|0?33|[eE]|u001[bB]|u\{1[bB]\})"
    rb"|#033|<(?:ESC|0x1[bB])>|ESC)"
)
_BELL: Final = rb"(?:\x07|\^G|\\{1,4}(?:a|x07|0?07|u0007)|" + _ESCAPE + rb"\\{1,2})"
_STRING: Final = rb"[\]P^_X][^\x00-\x1f]{0,2048}?" + _BELL
_SELECT: Final = rb"\[(?:\d{1,3}(?:[;:]\d{0,3}){0,9})?[mK]|\[\?\d{1,4}[hl]"
_NOTE: Final = rb"\[8mha:[0-9A-Za-z+/=:]{0,16384}(?:" + _ESCAPE + rb"?\[0m)?"
"""Source: jenkinsci/jenkins, hudson.console.ConsoleNote."""
_HEADS: Final = (
    rb"##\[[a-z]{4,12}\]"
    rb"|::(?:group|endgroup|debug|notice|warning|error|add-mask)(?: [^:\r\n]{0,200})?::"
    rb"|section_(?:start|end):\d{1,12}:[\w.-]{1,100}(?:\[[^\]\r\n]{0,100}\])?\r?"
)
_SELECTS: Final = re.compile(rb"\[[0-9;:?]{0,40}[A-HJKSTfhlmnsu]")
_COMMANDS: Final = re.compile(rb"::(?:group|endgroup|debug|notice|warning|error|add-mask)")
_MARKS: Final = (b"\x1b", b"##[", b"section_", b"]8;", b"]0;")


@cache
def _sequence() -> re.Pattern[bytes]:
    escape = _ESCAPE
    return re.compile(
        b"|".join(
            (
                escape + rb"?" + _NOTE,
                escape + rb"(?:" + rb"|".join((_CSI, _STRING, rb"[()*+][0-9A-Z]")) + rb")",
                rb"\x1b(?:" + _NF + rb"|" + _TWO + rb")",
                _SELECT,
                _HEADS,
            )
        )
    )


@cache
def _hunks(kept: bytes) -> re.Pattern[bytes]:
    """Sequences, and with them all that stands in the other colour of a word diff."""
    other = {b"31": b"32", b"32": b"31"}[kept]
    hunk = _ESCAPE + rb"\[(?:\d;)?" + other + rb"m[^\x1b\n]{0,200}?" + _ESCAPE + rb"\[(?:0|39)?m"
    return re.compile(hunk + rb"|" + _sequence().pattern)


# NOTE: up to the next mark of its kind, so that many of them cost no more than one
_OLD: Final = re.compile(rb"\{\+(?:[^+{\n]|\+(?!\})|\{(?!\+))*+\+\}|\[-|-\]")
_NEW: Final = re.compile(rb"\[-(?:[^-\[\n]|-(?!\])|\[(?!-))*+-\]|\{\+|\+\}")
_CHARACTER: Final = rb"(?:[^\x08\n\x80-\xff]|[\xc0-\xff][\x80-\xbf]{0,3}|[\x80-\xbf])"
_TAG: Final = re.compile(
    rb"</?(?:a|abbr|b|br|code|del|em|font|i|ins|mark|p|q|s|small|span|strong|td|tr|tt|u|wbr)"
    rb"(?:[ /][^<>]{0,200})?>"
)
_OVERSTRUCK: Final = re.compile(_CHARACTER + rb"\x08(?!_)|\x08_|\x08")
_OVERWRITTEN: Final = re.compile(rb"^[^\n]*\r(?![\r\n])", re.MULTILINE)
_LONE_RETURN: Final = re.compile(rb"\r(?![\r\n])")


def _cut(text: bytes, pattern: re.Pattern[bytes]) -> Iterator[Piece]:
    return rest(text, (match.span() for match in pattern.finditer(text)))


def uncoloured(text: bytes) -> Iterator[Piece]:
    """The text without escape sequences, as bytes or printed, and marks that CI systems put in."""
    if any(mark in text for mark in _MARKS) or _SELECTS.search(text) or _COMMANDS.search(text):
        yield from _cut(text, _sequence())


def word_diffs(text: bytes) -> Iterator[Piece]:
    """The old and the new text of `git diff --word-diff` and `--color-words`."""
    if (b"[-" in text and b"-]" in text) or (b"{+" in text and b"+}" in text):
        yield from _cut(text, _OLD)
        yield from _cut(text, _NEW)
    if b"[31m" in text and b"[32m" in text:
        yield from _cut(text, _hunks(b"31"))
        yield from _cut(text, _hunks(b"32"))


def untagged(text: bytes) -> Iterator[Piece]:
    """The text without the tags of HTML that stand inside words: marks, colours, line breaks."""
    if _TAG.search(text):
        yield from _cut(text, _TAG)


def overstruck(text: bytes) -> Iterator[Piece]:
    """The text as it stands after backspaces: bold (`aBSa`) and underlined (`_BSa`) letters once.

    A carriage return takes the line back to its beginning: what was there is gone too.
    """
    if b"\x08" in text:
        yield from _cut(text, _OVERSTRUCK)
    if _LONE_RETURN.search(text):
        yield from _cut(text, _OVERWRITTEN)
