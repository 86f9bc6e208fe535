"""Undoes what stands at the beginning of each line: times, names, numbers, marks."""

import re
import string
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span
from ci_secrets.leaks.forms.torn.kept import rest

_CLOCK: Final = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE: Final = rb"(?:Z| ?[+-]\d\d:?\d\d| (?:UTC|GMT|[AP]M|[A-Z]{3,4}(?= )))?"
_END: Final = rb"[\])]?:?[ \t]?"
_HEADS: Final = (
    # an ISO time, the stream and flag of GitLab or Kubernetes behind it:
    # `2026-11-22T06:23:36.123456Z 01O `, `2026-11-22T06:23:36.123456789+01:00 stdout F `
    rb"[\[(]?\d{4}[-/]\d\d[-/]\d\d(?:[T ]|, )" + _CLOCK + _ZONE + _END
    + rb"(?:\d\d[OE][ +]|std(?:out|err) [FP] )?",
    # ts, syslog, date, Apache: `Nov 22 06:23:36 `, `Sun Nov 22 06:23:36 UTC 2026`
    rb"(?:<\d{1,3}>)?\[?(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} [ \d]?\d,? (?:\d{4},? )?"
    + _CLOCK + _ZONE + rb"(?: \d{4}(?=[ \])]))?" + _END,
    rb"\[\d\d/[A-Z][a-z]{2}/\d{4}:" + _CLOCK + rb" [+-]\d{4}\] ?",
    # RFC 5424: `<34>1 2026-11-22T06:23:36.123Z host app 4711 - - `
    rb"<\d{1,3}>1 \S{10,40} [\w.-]{1,64} [\w./-]{1,48} [\w.-]{1,64} [\w.-]{1,32} "
    rb"(?:-|\[[^\]\n]{1,99}\]) ",
    # klog: `I1122 06:23:36.123456    1234 file.go:12] `
    rb"[IWEF]\d{4} " + _CLOCK + rb" {1,8}\d{1,8} [\w.-]{1,64}:\d{1,6}\] ?",
    # logrus: `time="2026-11-22T06:23:36Z" level=info msg=`; Ruby: `I, [2026-… #12]  INFO -- : `
    rb"time=\"[^\"\n]{8,40}\" level=[a-z]{4,8} msg=",
    rb"[DIWEFA], \[[^\]\n]{8,60}\] {1,3}[A-Z]{3,7} -- [^:\n]{0,40}: ",
    # a clock or what has passed, annotate-output and TeamCity: `[06:23:36]`, `06:23:36 O: `
    rb"[\[(]?" + _CLOCK + _END + rb"(?:[iIOWE]:[ \t])?",
    # seconds since 1970, since boot; tai64n
    rb"\[?\d{10}(?:[.,]\d{1,9}|\d{3}|\d{6}|\d{9})?\]?:?[ \t]",
    rb"\[ {0,8}\d{1,8}\.\d{1,9}\] ?|@[0-9a-f]{24} ",
    # a row of a dump, up to its text: xxd, hexdump -C, curl --trace
    rb"[0-9a-f]{4,16}:? {1,2}(?:[0-9a-fA-F]{2,8} {1,60}+){1,32}+\|?",
    # numbers of lines: cat -n, nl, grep -n, less -N, bat, awk, BuildKit
    rb"[L#]?\d{1,7}(?:\t| {0,2}\||[:)>.-] ?| {1,4})(?:\d{1,6}\.\d{1,3} )?",
    # a number as key: node, JSON
    rb"[\"']\d{1,7}[\"']: ?[\"']",
    # file and number: grep -n with several files
    rb"(?:\(standard input\)|[^\s:]{1,200}+):\d{1,7}:|[\w./@+]{1,100}+-\d{1,7}-",
    # docker compose, foreman: `web-1  | `
    rb"[0-9A-Za-z][\w./-]{0,100}+ {0,32}+\| ?",
    # `[pod/web/c] `, `[INFO] `, `[Pipeline] `, `[1/3] `, `##[debug]`
    rb"(?:##)?\[[^\[\]\r\n]{1,200}+\](?:: | - |[ \t]|(?=[^\s(]))",
    # gh run view --log: job, step, time
    rb"[^\t\r\n]{1,120}+\t[^\t\r\n]{1,120}+\t(?=(?:\xef\xbb\xbf)?\d{4}-\d\d)",
    rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[ \t]",
    # Python's logging: `INFO:root:`
    rb"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.-]{1,64}:",
    # a level; a host and program of syslog; a name: `remote: `, `make[1]: `, `com.shop.Main - `,
    # `@app/web:build: `
    rb"(?:[A-Z]{4,8}|[a-z]{4,8}) {0,3}(?:[:|>-]|---) {1,3}|(?:TRACE|DEBUG|INFO|WARN|ERROR) {1,3}",
    rb"[\w.-]{1,64}+ [\w./@-]{1,64}+(?:\[\d{1,8}\])?: ",
    rb"[\w./@-]{1,64}+(?::[\w./-]{1,64}+)?(?:\[\d{1,8}\])?(?:: | - |> )",
    # mail, diff, comment, table, list, prompt, trace; arrows, bullets and dots
    rb"(?:(?:[>|#+*/!;%<$=~-]{1,4}|\xe2\x86[\x90-\xbf]|\xe2\xa4[\x80-\xbf]|\xe2\x80[\xa2\xa6\xba]"
    rb"|\xc2\xbb) )+",
)  # fmt: skip
_MARKS: Final = re.compile(rb"\n([+\-<>|#*!])[^\n]*\n\1")
_MARK: Final = re.compile(rb"([+\-<>|#*!])")
_NEXT_MARK: Final = re.compile(rb"\n([+\-<>|#*! ])")


@cache
def _heads() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """The heads of the first line, and of a line after a break: three, then the others."""
    one = rb"[ \t]{0,12}+(?>" + rb"|".join(_HEADS) + rb")"
    all_of_them = rb"(%b)((?:%b)?+)((?:%b)?+)((?:%b){0,4}+)" % (one, one, one, one)
    return re.compile(all_of_them), re.compile(rb"\n" + all_of_them)


def _found(
    text: bytes, first: re.Pattern[bytes], following: re.Pattern[bytes]
) -> list[re.Match[bytes]]:
    head = first.match(text)
    return [*([head] if head else []), *following.finditer(text)]


def known_prefixes(text: bytes) -> Iterator[Piece]:
    """The text without one head at each line that has any, without two, three, all of them.

    Of `+abc` and `>abc` in two lines, the mark goes alone, and the space of their neighbours.
    """
    if b"\n" not in text:
        return
    heads = _found(text, *_heads())
    for count in (1, 2, 3, 4):
        if count == 1 or any(head[count] for head in heads):
            yield from rest(text, ((head.start(1), head.end(count)) for head in heads))
    if _MARKS.search(b"\n" + text):
        marks = _found(text, _MARK, _NEXT_MARK)
        yield from rest(text, (mark.span(1) for mark in marks))


_WIDEST: Final = 64
"""Columns of a common prefix or suffix."""
_WORD: Final = (string.ascii_letters + string.digits).encode()
_BORDER: Final = bytes(byte for byte in range(0x80) if byte not in _WORD)
_NUMBER: Final = re.compile(rb"\d+")


def shared_prefixes(text: bytes) -> Iterator[Piece]:
    """The text without the prefix that each line has in common with two others beside it.

    Numbers in prefixes may differ. The second piece goes without what two lines have in common
    at their ends, too: the border of a table, `",`, a backslash.
    """
    lines = text.split(b"\n")
    if len(lines) < 3:
        return
    heads = _prefixes(lines, _NUMBER.sub(b"0", text).split(b"\n"))
    if not any(heads):
        return
    starts: list[Span] = []
    both: list[Span] = []
    tails = _suffixes(lines)
    at = 0
    for line, head, tail in zip(lines, heads, tails, strict=True):
        end = at + len(line)
        if head:
            starts.append((at, at + head))
            both.append((at, at + head))
            start = max(end - tail, at + head)
            if start < end:
                both.append((start, end))
        at = end + 1
    yield from rest(text, starts)
    if len(both) > len(starts):
        yield from rest(text, both)


_APART: Final = bytes(
    ord(" ") if chr(byte) in "\t\r=|:;>,()[]{}\"'`" else byte for byte in range(256)
)
"""What stands before the last word of a line, and behind it."""


def last_words(text: bytes) -> Iterator[Piece]:
    """The last word of each line, whatever stands before it: an id, the name of a worker."""
    cuts: list[Span] = []
    at = 0
    for line in text.translate(_APART).split(b"\n"):
        end = len(line.rstrip(b" "))
        start = line.rfind(b" ", 0, end) + 1
        cuts += [(at, at + start), (at + end, at + len(line))]
        at += len(line) + 1
    yield from rest(text, ((start, end) for start, end in cuts if start < end))


def _in_common(texts: list[bytes]) -> list[int]:
    """How many columns each text but the last has in common with the next, from the left."""
    numbers = [int.from_bytes(text[:_WIDEST].ljust(_WIDEST, b"\0"), "big") for text in texts]
    return [
        min(_WIDEST - ((one ^ other).bit_length() + 7) // 8, len(left), len(right))
        for one, other, left, right in zip(numbers, numbers[1:], texts, texts[1:], strict=False)
    ]


def _prefixes(lines: list[bytes], alike: list[bytes]) -> list[int]:
    """How wide the prefix of each line is. It ends with neither letter nor digit.

    `alike`: the lines with `0` in place of each number.
    """
    pairs = _in_common(alike)
    threes = [0, 0, *map(min, pairs, pairs[1:]), 0, 0]
    widths = map(max, threes, threes[1:], threes[2:])
    return [
        _widened(len(head), line, len(line) - len(same))
        if (head := same[:width].rstrip(b"\r").rstrip(_WORD)).strip()
        else 0
        for line, same, width in zip(lines, alike, widths, strict=True)
    ]


def _widened(width: int, line: bytes, longer: int) -> int:
    """How wide a prefix is in a line that is longer than where each of its numbers is `0`."""
    for number in _NUMBER.finditer(line) if longer else ():
        if number.start() >= width:
            break
        width += len(number.group()) - 1
    return width


def _suffixes(lines: list[bytes]) -> list[int]:
    """How wide the suffix is that each line has in common with one beside it; of punctuation.

    With both, where it shares one with both: two pieces of a value may end with the same mark.
    """
    ends = [line[len(line.rstrip(_BORDER)) :][::-1] for line in lines]
    pairs = [0, *_in_common(ends), 0]
    return [min(left, right) or max(left, right) for left, right in pairwise(pairs)]
