"""What numbers in a list stand for: bytes, characters, bytes behind their indexes, words."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Final, Literal

from ci_secrets.leaks.forms.reading import Span

FEWEST: Final = 6
"""Bytes that digits must give to be read; shorter values are not looked for."""
BYTES: Final = range(-128, 256)
_CHARACTERS: Final = range(0x110000)
_WORDS: Final = ((2, range(-(1 << 15), 1 << 16)), (4, range(-(1 << 31), 1 << 32)))
"""Bytes of a word, and what it can be with and without sign."""
_CONTROLS: Final = bytes({*range(32), 127} - set(b"\t\r\n"))

Lists = Iterator[tuple[list[bytes], range]]
"""What numbers stand for: the bytes of each, and which numbers of their run they are."""


def _bytes(numbers: Sequence[int]) -> Lists:
    """`104, 117`, where Java has -61 for 195."""
    for first, end in stretches(numbers, BYTES):
        yield [bytes([number & 255]) for number in numbers[first:end]], range(first, end)


def _characters(numbers: Sequence[int]) -> Lists:
    """Code points or UTF-16 units, where any is not ASCII."""
    for first, end in stretches(numbers, _CHARACTERS):
        if max(numbers[first:end]) > 127:
            yield _utf8(numbers[first:end]), range(first, end)


def _indexed(numbers: Sequence[int]) -> Lists:
    """`"0":104,"1":117`, as JSON has typed arrays and PHP any array."""
    for skip in (0, 1):
        pairs = enumerate(zip(numbers[skip::2], numbers[skip + 1 :: 2], strict=False))
        starts = [key - at if number in BYTES else None for at, (key, number) in pairs]
        for first, end in _alike(starts):
            picked = range(skip + 1 + 2 * first, skip + 1 + 2 * end, 2)
            yield [bytes([numbers[at] & 255]) for at in picked], picked


def _words(numbers: Sequence[int], order: Literal["big", "little"]) -> Lists:
    """`[2017816163, 1466460276]`, as typed arrays of words show their bytes, two or four each."""
    for size, fit in _WORDS:
        beyond = 1 << 4 * size
        for first, end in stretches(numbers, fit, -(-FEWEST // size)):
            if max(map(abs, numbers[first:end])) >= beyond:
                mask = (1 << 8 * size) - 1
                words = ((number & mask).to_bytes(size, order) for number in numbers[first:end])
                listed = list(words)
                if _is_text(b"".join(listed)):
                    yield listed, range(first, end)


def _is_text(words: bytes) -> bool:
    """Whether few bytes are control characters: most large numbers are no words of text."""
    return 3 * (len(words) - len(words.translate(None, _CONTROLS))) <= len(words)


KINDS: Final[tuple[Callable[[Sequence[int]], Lists], ...]] = (
    _bytes,
    _characters,
    _indexed,
    partial(_words, order="big"),
    partial(_words, order="little"),
)


def stretches(numbers: Iterable[int], fit: range, fewest: int = FEWEST) -> Iterator[Span]:
    """Where enough numbers in a row fit."""
    return _alike([0 if number in fit else None for number in numbers], fewest)


def _alike(marks: Iterable[int | None], fewest: int = FEWEST) -> Iterator[Span]:
    """Where enough marks in a row are the same, and there is one."""
    at = 0
    for mark, group in groupby(marks):
        end = at + sum(1 for _ in group)
        if mark is not None and end - at >= fewest:
            yield at, end
        at = end


def _utf8(numbers: Sequence[int]) -> list[bytes]:
    """The UTF-8 of each number; the two halves of a surrogate pair share theirs."""
    parts: list[bytes] = []
    for number, before in zip(numbers, (0, *numbers), strict=False):
        if 0xDC00 <= number < 0xE000 and 0xD800 <= before < 0xDC00:
            whole = chr(0x10000 + ((before & 0x3FF) << 10) + (number & 0x3FF)).encode()
            parts[-1:] = [whole[:2], whole[2:]]
        else:
            parts.append(chr(number).encode("utf-8", "surrogatepass"))
    return parts
