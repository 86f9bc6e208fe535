"""Texts that are made to be slow: what they cost must grow with their length and no faster."""

import gzip
import random
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from benchmarks.leaks_logs import MB, known_values, synthetic

_VALUES: Final = known_values()
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Hostile:
    """One such text."""

    make: Callable[[int], Iterator[bytes]]
    """So many hundredths of it, in chunks of about 1 MB."""
    values: Mapping[str, str]
    """What is looked for in it."""

    def chunks(self, hundredths: int) -> Iterator[bytes]:
        """The beginning of the text."""
        return self.make(hundredths)


def _one_letter(hundredths: int) -> Iterator[bytes]:
    return repeat(b"a" * MB, hundredths)


def _no_newline(hundredths: int) -> Iterator[bytes]:
    """256 MB of an ordinary log in one line."""
    left = 256 * MB * hundredths // 100
    with synthetic(_VALUES, 200).open("rb") as file:
        while left > 0:
            if not (chunk := file.read(_CHUNK)):
                file.seek(0)
            left -= len(chunk)
            yield chunk.replace(b"\n", b" ")


def _base64_runs(hundredths: int) -> Iterator[bytes]:
    """100,000 runs of 64 to 400 characters, each in a line of its own."""
    rng = random.Random(3)  # noqa: S311
    for _ in range(hundredths):
        runs = (b64encode(rng.randbytes(rng.randint(48, 300))) for _ in range(1000))
        yield b"".join(b"data: " + run + b"\n" for run in runs)


def _nested(hundredths: int) -> Iterator[bytes]:
    """1,000 archives of archives of archives of 2 MB of zeros, as base64."""
    inner = b"\0" * (2 * MB)
    for _ in range(4):
        inner = b64encode(gzip.compress(inner, mtime=0))
    return repeat((b"layer: " + inner + b"\n") * 10, hundredths)


def _dense(hundredths: int) -> Iterator[bytes]:
    """10 MB that hold nothing but values."""
    lines = b"".join(value.encode() + b"\n" for value in _VALUES.values())
    return repeat(lines * (100_000 // len(lines)), hundredths)


def _self_similar(hundredths: int) -> Iterator[bytes]:
    """1 MB in which the beginnings of values overlap everywhere, and no value ends."""
    return repeat((b"ab" * 19 + b"aab" * 12 + b"a1" * 8) * (10_000 // 90), hundredths)


_OVERLAPPING: Final = {
    f"SIMILAR_{at}": value
    for at, value in enumerate(("ab" * 20 + "x", "aab" * 13 + "x", "ba" * 19 + "yz", "a1" * 20))
}

HOSTILE: Final[Mapping[str, Hostile]] = {
    "100 MB of one letter": Hostile(make=_one_letter, values=_VALUES),
    "256 MB without a line break": Hostile(make=_no_newline, values=_VALUES),
    "100,000 runs of base64": Hostile(make=_base64_runs, values=_VALUES),
    "1,000 archives in archives": Hostile(make=_nested, values=_VALUES),
    "10 MB of nothing but values": Hostile(make=_dense, values=_VALUES),
    "1 MB of self-similar values": Hostile(make=_self_similar, values=_OVERLAPPING),
}
