"""Lines by which CMD asks the runner to mask a value: `::add-mask::V`, of old `##[add-mask]V`."""

import re
from collections.abc import Callable
from typing import Final

from ci_secrets.delivery.pump import Filter

_NEW: Final = b"::add-mask"
"""After white space at the start of a line."""
_OLD: Final = b"##[add-mask"
"""Anywhere in a line."""
# In any case. Source: actions/runner, ActionCommand.cs and ActionCommandManager.cs.
_MARK: Final = re.compile(rb"(::|##\[)[aA][dD][dD]-[mM][aA][sS][kK]")
_LINE_END: Final = re.compile(rb"[\r\n]")  # each ends a line for the runner, as in .NET's ReadLine
_BLANK: Final = b" \t\v\f"
MAX_LINE_BYTES: Final = 128 * 1024
"""A longer line is no request: it is not held back any longer."""


class MaskRequests:
    """A filter around a filter, that also listens for requests.

    The value of a request goes to `add`, to be redacted from then on; the line passes, for the
    runner has to read it. If the value holds one of ours (`holds_ours`), the line is dropped: it
    would print it, or, redacted, mask `***`. `parse` takes a line without its end and returns the
    value, or `None` for a line that is no request.

    All other bytes go to the inner filter at once, except the beginning of a line that may still
    become a request. The inner filter must take `feed()` after `finish()`, as a new beginning: a
    request has to leave whole before its value becomes a needle.
    """

    def __init__(
        self,
        inner: Filter,
        parse: Callable[[bytes], bytes | None],
        holds_ours: Callable[[bytes], bool],
        add: Callable[[bytes], None],
    ) -> None:
        self._inner = inner
        self._parse = parse
        self._holds_ours = holds_ours
        self._add = add
        self._held = b""
        """The end of what was read, while it may be a request or the beginning of one."""
        self._inside = False
        """Whether the beginning of the line that it stands in has passed."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return those that may leave."""
        data = self._held + chunk
        passed = []
        done = at = 0  # gone to the inner filter, or dropped; looked at
        while (mark := _MARK.search(data, at)) is not None:
            at = mark.end()
            begin = self._begin(data, mark)
            end = _LINE_END.search(data, at)
            if begin is None or (end.start() if end else len(data)) - begin > MAX_LINE_BYTES:
                continue
            passed.append(self._inner.feed(data[done:begin]))
            done = begin
            if end is None:
                break
            whole = self._begins_line(data, begin)
            passed.append(self._request(data[begin : end.start()], end.group(), whole=whole))
            done = at = end.end()
        else:
            rest = self._may_become_request(data, done)
            passed.append(self._inner.feed(data[done:rest]))
            done = rest
        self._inside = not self._begins_line(data, done)
        self._held = data[done:]
        return b"".join(passed)

    def idle(self) -> bytes:
        """The input pauses; what may become a request waits for its end."""
        return self._inner.idle()

    def finish(self) -> bytes:
        """The input has ended, and with it the last line."""
        last, self._held = self._held, b""
        asks = _MARK.match(last.lstrip(_BLANK))
        passed = self._request(last, b"", whole=True) if asks else self._inner.feed(last)
        return passed + self._inner.finish()

    def _request(self, line: bytes, end: bytes, *, whole: bool) -> bytes:
        value = self._parse(line)
        if not value:
            return self._inner.feed(line + end)
        if self._holds_ours(value):
            return b"" if whole else self._inner.feed(end)
        passed = self._inner.feed(line + end) + self._inner.finish()
        self._add(value)
        return passed

    def _begins_line(self, data: bytes, at: int) -> bool:
        return data[at - 1] in b"\r\n" if at else not self._inside

    def _begin(self, data: bytes, mark: re.Match[bytes]) -> int | None:
        """Where the request begins; `None` where the new spelling does not begin a line."""
        begin = mark.start()
        if mark[1] != b"::":
            return begin
        while begin and data[begin - 1] in _BLANK:
            begin -= 1
        return begin if self._begins_line(data, begin) else None

    def _may_become_request(self, data: bytes, start: int) -> int:
        """Where behind `start` an end begins that may grow into a request."""
        line = max(start - 1, data.rfind(b"\n", start), data.rfind(b"\r", start)) + 1
        beginning = data[line:].lstrip(_BLANK).lower()
        short = len(beginning) < len(_NEW) and len(data) - line <= MAX_LINE_BYTES
        if short and _NEW.startswith(beginning) and self._begins_line(data, line):
            return line
        tail = data[max(line, len(data) - len(_OLD) + 1) :].lower()
        sizes = range(len(tail), 0, -1)
        return len(data) - next((size for size in sizes if tail.endswith(_OLD[:size])), 0)
