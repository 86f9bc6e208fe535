"""Which bytes are looked for, while a log streams, because of one value."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ci_secrets.leaks.apart import MIN_LONG, is_sure
from ci_secrets.leaks.findings import Severity, Skipped
from ci_secrets.leaks.forms import FORMS, SINGLE, WHOLE, Speller
from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.parts import Part, parts_of

# Source: facts measured on 6 MB of ordinary text: a random form of 4 bytes never stood in it, of
# 3 bytes one in twelve did; two more bytes are the margin.
MIN_DERIVED: Final = 6
"""Bytes of a needle in any form."""
MAX_DERIVED: Final = 64 * 1024
"""Bytes of a value that is looked for in every form; longer ones plain, whole and by lines."""

_NEWLINE: Final = re.compile(rb"\r\n|\r|\n")
MAX_LINES: Final = 100
"""Lines of a value up to which each is looked for in every form."""
_PLAIN: Final[tuple[Chain, ...]] = ((),)
_FEW: Final[tuple[Chain, ...]] = ((), ("json",), ("base64",), ("hex",))
_NUMBER: Final[tuple[Chain, ...]] = ((), ("base64",), ("base64url",), ("hex",))
_LINE: Final[tuple[Chain, ...]] = (
    (),
    *((form,) for form in ("json", "percent", "form", "entity", "quoted", "escape")),
    *((form,) for form in ("base64", "base64url", "hex", "cased", "reversed")),
)
"""A line on its own: the whole has the rarer forms."""


# NOTE: a value has hundreds of these, and frozen ones take three times as long to make
@dataclass(kw_only=True, slots=True, unsafe_hash=True)
class Needle:
    """Bytes to look for. Everything but `pattern` may be shown. Not to be changed."""

    owner: str
    """The name of the value."""
    part: str = ""
    """`[3]` for its third line, `.password` for a field, empty for the whole."""
    form: Chain
    severity: Severity
    variant: int
    """Its place among the spellings of this part in this form, the commonest is 0."""
    wordy: bool = False
    """Made of words: only found as it is spelled, never torn apart."""
    pattern: bytes = field(repr=False)

    @property
    def secret(self) -> str:
        """The name that a finding carries."""
        return self.owner + self.part


@dataclass(frozen=True, kw_only=True, slots=True)
class Needles:
    """What one value comes to."""

    parts: tuple[Part, ...] = ()
    """In clear, the whole first."""
    needles: tuple[Needle, ...] = ()
    """Without repeats, the likeliest form first, whole before parts."""
    streamed: tuple[Needle, ...] = ()
    """What a scan finds without, by undoing the form."""
    skipped: tuple[Skipped, ...] = ()


def needles_of(owner: str, value: bytes) -> Needles:
    """Spell a value in every form that is looked for."""
    found = parts_of(owner, value)
    lines = sum(part.kind == "line" for part in found.parts)
    notes = []
    if len(value) > MAX_DERIVED:
        notes.append(f"longer than {MAX_DERIVED // 1024} KiB: looked for only in clear")
    elif lines > MAX_LINES:
        notes.append(f"more than {MAX_LINES} lines: these are looked for in few forms")
    if found.parts and not is_sure(found.parts[0].text, (), wordy=found.parts[0].wordy):
        notes.append(
            f"fewer than {MIN_LONG} letters and digits, which other text may have: "
            "not looked for torn apart"
        )
    seen: set[bytes] = set()
    needles: list[Needle] = []
    for part in found.parts:
        needles += _needles(part, _chains(part, len(value), lines), seen)
    return Needles(
        parts=found.parts,
        needles=tuple(needles),
        streamed=tuple(one for part in found.parts for one in _streamed(part, seen)),
        skipped=found.skipped + tuple(Skipped(secret=owner, reason=note) for note in notes),
    )


def texts_of(part: Part) -> Sequence[bytes]:
    """A part as it is printed; of several lines also as a terminal and an editor break them."""
    lines = _NEWLINE.split(part.text)
    if len(lines) == 1 or part.kind == "number":
        return [part.text]
    # NOTE: a terminal makes `\r\n` of `\n`
    return list(dict.fromkeys((part.text, b"\n".join(lines), b"\r\n".join(lines))))


def _needles(part: Part, chains: Iterable[Chain], seen: set[bytes]) -> Iterator[Needle]:
    """The first needle of each pattern: the simplest disguise that explains the bytes."""
    speller = Speller(texts_of(part))
    for chain in chains:
        yield from _new(part, chain, speller.spell(chain), seen)


def _streamed(part: Part, seen: set[bytes]) -> Iterator[Needle]:
    if part.kind != "line" and len(part.text) <= MAX_DERIVED:
        for name, form in FORMS.items():
            if form.streamed:
                yield from _new(part, (name,), form.streamed(part.text), seen)


def _new(part: Part, form: Chain, patterns: Iterable[bytes], seen: set[bytes]) -> Iterator[Needle]:
    for variant, spelled in enumerate(patterns):
        # NOTE: an outer NUL may be its own or its neighbour's, which is the same
        pattern = spelled.strip(b"\0") if form[:1] == ("utf-16",) else spelled
        if len(pattern) >= MIN_DERIVED and pattern not in seen:
            seen.add(pattern)
            yield Needle(
                owner=part.owner,
                part=part.name,
                form=form,
                severity=part.severity,
                variant=variant,
                wordy=part.wordy,
                pattern=pattern,
            )


def _chains(part: Part, size: int, lines: int) -> Iterable[Chain]:
    """How a part is spelled that belongs to a value of so many bytes and lines."""
    if size > MAX_DERIVED:
        return _PLAIN
    if part.kind == "whole":
        return WHOLE
    if part.kind == "leaf":
        return SINGLE
    if part.kind == "number":
        return _NUMBER
    return _LINE if lines <= MAX_LINES else _FEW
