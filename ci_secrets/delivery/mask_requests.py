"""Lines by which CMD asks the runner to mask a value: `::add-mask::V`."""

import re
from collections.abc import Callable
from typing import Final

from ci_secrets.delivery.pump import Filter

_PREFIX: Final = b"::add-mask"
"""In any case, after white space at the start of a line. Source: actions/runner,
ActionCommand.cs and ActionCommandManager.cs."""
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
        """The beginning of a line, while it may be a request's."""
        self._inside = False
        """Whether we are inside a line that is none."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return those that may leave."""
        data = self._held + chunk
        passed = []
        done = 0  # up to here it went to the inner filter, or was dropped
        line = 0  # where the line begins that we look at
        while (at := data.find(b"::", line)) >= 0:
            begin = _line_begin(data, line, at)
            end = _LINE_END.search(data, at)
            if end is None:
                line = begin
                break
            line = end.end()
            if (begin or not self._inside) and _is_request(data[begin : end.start()]):
                passed.append(self._inner.feed(data[done:begin]))
                passed.append(self._request(data[begin : end.start()], end.group()))
                done = line
        line = _line_begin(data, line, len(data))
        self._inside = (line == 0 and self._inside) or not _may_become_request(data[line:])
        rest = len(data) if self._inside else line
        self._held = data[rest:]
        passed.append(self._inner.feed(data[done:rest]))
        return b"".join(passed)

    def finish(self) -> bytes:
        """The input has ended, and with it the last line."""
        last, self._held = self._held, b""
        passed = self._request(last, b"") if _is_request(last) else self._inner.feed(last)
        return passed + self._inner.finish()

    def _request(self, line: bytes, end: bytes) -> bytes:
        value = self._parse(line)
        if not value:
            return self._inner.feed(line + end)
        if self._holds_ours(value):
            return b""
        passed = self._inner.feed(line + end) + self._inner.finish()
        self._add(value)
        return passed


def _line_begin(data: bytes, start: int, at: int) -> int:
    """Where the line begins that `at` stands in; not before `start`, which begins one."""
    return max(start - 1, data.rfind(b"\n", start, at), data.rfind(b"\r", start, at)) + 1


def _is_request(line: bytes) -> bool:
    text = line.lstrip(_BLANK)
    return text[: len(_PREFIX)].lower() == _PREFIX and len(line) <= MAX_LINE_BYTES


def _may_become_request(beginning: bytes) -> bool:
    text = beginning.lstrip(_BLANK)[: len(_PREFIX)].lower()
    return _PREFIX.startswith(text) and len(beginning) <= MAX_LINE_BYTES
