"""UTF-16 text with a byte order mark as UTF-8, and the way back to its columns.

Every form is told from ASCII bytes, so that a log of PowerShell is scanned as what it says. What
other programs append to such a file is not UTF-16: long runs of ASCII stay as they are.
"""

import codecs
import re
from array import array
from bisect import bisect_right
from typing import Final

BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_TURNS: Final = 1_000_000
"""Changes of script of which the columns are remembered (29 bytes each); beyond them the columns
of lines that are not all ASCII are approximate."""
_AHEAD: Final = 32
# NOTE: a NUL beside a run belongs to a character of UTF-16, of which the run has the other byte
_ASCII: Final = {
    codecs.BOM_UTF16_LE: rb"[\t\r\n\x1b-\x7e]{16,}(?!\0)",
    codecs.BOM_UTF16_BE: rb"(?<!\0)[\t\r\n\x1b-\x7e]{16,}",
}
_RUNS: Final = "([\0-\x7f]+)|([\x80-\u07ff]+)|([\u0800-\uffff]+)|[\U00010000-\U0010ffff]+"
_WIDTHS: Final = ((4, 4), (1, 2), (2, 2), (3, 2), (1, 1))
"""Bytes of a character in UTF-8 and in the original: of each group of `_RUNS`; last, as it is."""
_PLAIN: Final = 1
_AS_IT_IS: Final = 4


class Transcript:
    """Feed it the original, mark included, in pieces of any size; it gives UTF-8.

    Nothing is refused: half a pair becomes what UTF-8 would make of it, an odd last byte stays.
    """

    def __init__(self, mark: bytes) -> None:
        self._ascii = re.compile(_ASCII[mark])
        self._big = mark == codecs.BOM_UTF16_BE
        self._codec = "utf-16-be" if self._big else "utf-16-le"
        self._left = b""
        self._columns = _Columns()

    def feed(self, data: bytes) -> bytes:
        """What is certain now."""
        self._left += data
        return self._upto(len(self._left) - _AHEAD)

    def finish(self) -> bytes:
        """The rest."""
        text = self._upto(len(self._left))
        rest, self._left = self._left, b""
        return text + self._as_it_is(rest)

    def column(self, line: int, column: int) -> int:
        """The column in the original of one in UTF-8; both 1-based, in bytes."""
        return self._columns.of(line, column - 1) + 1

    def _upto(self, limit: int) -> bytes:
        """Take about `limit` bytes: whole characters, and enough left of a run to tell it again."""
        parts: list[bytes] = []
        at = 0
        for run in self._ascii.finditer(self._left):
            if run.start() >= limit:
                break
            parts.append(self._decoded(self._left[at : run.start()]))
            at = run.end() if run.end() < limit + _AHEAD // 2 + 1 else limit
            parts.append(self._as_it_is(self._left[run.start() : at]))
        if at < limit:
            end = at + (limit - at) // 2 * 2
            if self._is_half(self._left[end - 2 : end]):
                end -= 2 if limit < len(self._left) else 0
            parts.append(self._decoded(self._left[at:end]))
            at = end
        self._left = self._left[max(at, 0) :]
        return b"".join(parts)

    def _is_half(self, unit: bytes) -> bool:
        return len(unit) == 2 and 0xD8 <= unit[0 if self._big else 1] < 0xDC

    def _decoded(self, data: bytes) -> bytes:
        odd = len(data) % 2
        text = data[: len(data) - odd].decode(self._codec, "surrogatepass")
        self._columns.pass_text(text)
        return text.encode("utf-8", "surrogatepass") + self._as_it_is(data[len(data) - odd :])

    def _as_it_is(self, data: bytes) -> bytes:
        self._columns.pass_bytes(data)
        return data


class _Columns:
    """Where in a line the bytes of a character change in number; a line begins with ASCII."""

    def __init__(self) -> None:
        self._lines, self._ours, self._theirs = array("Q"), array("Q"), array("Q")
        self._kinds = array("B")
        self._line, self._our, self._their, self._kind = 1, 0, 0, _PLAIN

    def pass_text(self, text: str) -> None:
        """Go on by a text that was UTF-16."""
        for run in re.finditer(_RUNS, text):
            kind = run.lastindex or 0
            self._turn(kind)
            size = run.end() - run.start()
            if kind == _PLAIN and (breaks := text.count("\n", run.start(), run.end())):
                size = run.end() - text.rindex("\n", run.start(), run.end()) - 1
                self._begin_line(breaks)
            self._pass(size, kind)

    def pass_bytes(self, data: bytes) -> None:
        """Go on by bytes that stay as they are."""
        for number, line in enumerate(data.split(b"\n")):
            if number:
                self._begin_line(1)
            if line:
                self._turn(_AS_IT_IS)
                self._pass(len(line), _AS_IT_IS)

    def of(self, line: int, offset: int) -> int:
        """The offset in the original's line of an offset in ours."""
        first = bisect_right(self._lines, line - 1)
        last = bisect_right(self._lines, line)
        at = bisect_right(self._ours, offset, first, last) - 1
        if at < first:
            return offset * 2
        ours, theirs = _WIDTHS[self._kinds[at]]
        return self._theirs[at] + (offset - self._ours[at]) // ours * theirs

    def _turn(self, kind: int) -> None:
        if kind != self._kind and len(self._kinds) < MAX_TURNS:
            self._lines.append(self._line)
            self._ours.append(self._our)
            self._theirs.append(self._their)
            self._kinds.append(kind)
        self._kind = kind

    def _pass(self, count: int, kind: int) -> None:
        ours, theirs = _WIDTHS[kind]
        self._our += count * ours
        self._their += count * theirs

    def _begin_line(self, breaks: int) -> None:
        self._line += breaks
        self._our = self._their = 0
        self._kind = _PLAIN
