"""The squashed reading of a stream, made once for all that is looked for in it."""

from functools import cached_property
from typing import Final

from ci_secrets.leaks.forms.reading import Span
from ci_secrets.leaks.forms.torn.squash import Squashed, squash
from ci_secrets.leaks.forms.torn.uncolour import Sequences, begin_of_end, blanked, uncoloured

_ENDING: Final = 128


class Read:
    """Text that was squashed, and where it stands in both readings."""

    def __init__(self, squashed: int, start: int, text: bytes) -> None:
        self.letters = squash(uncoloured(text))
        """What is left of it."""
        self.start = squashed
        """Offset of the first of them in the squashed reading."""
        self._raw_start = start
        self._raw = text

    @property
    def end(self) -> int:
        """Offset behind its last letter or digit in the squashed reading."""
        return self.start + len(self.letters)

    @property
    def raw_end(self) -> int:
        """Offset behind the text in the stream."""
        return self._raw_start + len(self._raw)

    def span(self, start: int, end: int) -> Span:
        """Where in the stream letters and digits of the squashed reading stand."""
        first, last = self._whole.span(start - self.start, end - self.start)
        return self._raw_start + first, self._raw_start + last

    def place(self, at: int) -> int:
        """Where one of them stands; cheaper at the end than elsewhere."""
        start, view = self._ending
        behind = self.end - at
        if behind <= len(view.text):
            return start + view.place(len(view.text) - behind)
        return self._raw_start + self._whole.place(at - self.start)

    @cached_property
    def _whole(self) -> Squashed:
        return Squashed(blanked(self._raw))

    @cached_property
    def _ending(self) -> tuple[int, Squashed]:
        """The end of it, which is asked for wherever a value may have begun."""
        start = begin_of_end(self._raw, _ENDING)
        return self._raw_start + start, Squashed(blanked(self._raw[start:]))


class Squasher:
    """A stream → what is read of it, cut only where no escape sequence goes on."""

    def __init__(self, offset: int = 0) -> None:
        self._sequences = Sequences()
        self.latest = Read(0, offset, b"")
        """What was read last."""

    @property
    def held(self) -> bytes:
        """What may be the beginning of a sequence and was not read yet."""
        return self._sequences.held

    def feed(self, piece: bytes) -> Read:
        """The next bytes of the stream."""
        return self._read(self._sequences.feed(piece))

    def close(self) -> Read:
        """The text ends here, or something else begins."""
        return self._read(self._sequences.close())

    def _read(self, text: bytes) -> Read:
        self.latest = Read(self.latest.end, self.latest.raw_end, text)
        return self.latest
