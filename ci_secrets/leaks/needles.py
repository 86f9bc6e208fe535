"""Which bytes are looked for because of one value, and what is not looked for, and why."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ci_secrets.leaks.findings import Severity, Skipped
from ci_secrets.leaks.forms import SINGLE, WHOLE, Chain, spell
from ci_secrets.leaks.forms.stop import is_armour, is_plain_setting, is_stop_value

# Source: facts measured on 6 MB of ordinary text: a random form of 4 bytes never stood in it, of
# 3 bytes one in twelve did; two more bytes are the margin.
MIN_WHOLE: Final = 6
"""Bytes of a whole value, without surrounding white space; shorter ones are not looked for."""
MIN_SURE: Final = 8
"""Bytes of a whole value from which a finding is sure, and of a line to be looked for at all."""
MIN_DERIVED: Final = 6
"""Bytes of a needle in any form."""
MAX_DERIVED: Final = 64 * 1024
"""Bytes of a value that is looked for in every form; longer ones plain, whole and by lines."""
MAX_LINES: Final = 4096
"""Lines of one value that are looked for on their own."""

_NEWLINE: Final = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Needle:
    """Bytes to look for. Everything but `pattern` may be shown."""

    owner: str
    """The name of the value."""
    part: str = ""
    """`[3]` for its third line, empty for the whole."""
    form: Chain
    severity: Severity
    variant: int
    """Its place among the spellings of this part in this form, the commonest is 0."""
    pattern: bytes = field(repr=False)

    @property
    def secret(self) -> str:
        """The name that a finding carries."""
        return self.owner + self.part


@dataclass(frozen=True, kw_only=True, slots=True)
class Needles:
    """What one value comes to."""

    needles: tuple[Needle, ...] = ()
    """Without repeats, the likeliest form first, whole before lines."""
    skipped: tuple[Skipped, ...] = ()


def needles_of(owner: str, value: bytes) -> Needles:
    """Spell a value in every form that is looked for."""
    whole = value.strip()
    if len(whole) < MIN_WHOLE:
        return _not_at_all(owner, f"shorter than {MIN_WHOLE} bytes")
    if is_stop_value(whole):
        return _not_at_all(owner, "a common word, or what stands in every log")
    small = len(whole) <= MAX_DERIVED
    parts = [_whole(owner, whole, WHOLE if small else SINGLE[:1])]
    notes = [] if small else [f"longer than {MAX_DERIVED // 1024} KiB: looked for only in clear"]
    lines = [line.strip() for line in _NEWLINE.split(value)]
    if len(_NEWLINE.split(whole)) > 1:
        worth = {number: line for number, line in enumerate(lines, start=1) if _is_secret(line)}
        left_out = sum(bool(line) and not is_armour(line) for line in lines) - len(worth)
        if left_out:
            notes.append(
                f"{left_out} of its lines are short or plain settings: found only with the whole"
            )
        if len(worth) > MAX_LINES:
            notes.append(f"only its first {MAX_LINES} lines are looked for on their own")
        chains = SINGLE if small else SINGLE[:1]
        parts += [_line(owner, number, worth[number], chains) for number in list(worth)[:MAX_LINES]]
    return Needles(
        needles=tuple(_unique(needle for part in parts for needle in part)),
        skipped=tuple(Skipped(secret=owner, reason=note) for note in notes),
    )


def _not_at_all(owner: str, why: str) -> Needles:
    return Needles(skipped=(Skipped(secret=owner, reason=why),))


def _is_secret(line: bytes) -> bool:
    return len(line) >= MIN_SURE and not (
        is_armour(line) or is_stop_value(line) or is_plain_setting(line)
    )


def _whole(owner: str, whole: bytes, chains: Iterable[Chain]) -> Iterator[Needle]:
    lines = _NEWLINE.split(whole)
    texts = [whole, b"\n".join(lines), b"\r\n".join(lines)]  # a terminal makes `\r\n` of `\n`
    severity: Severity = "high" if len(whole) >= MIN_SURE else "low"
    for chain in chains:
        for variant, pattern in enumerate(spell(chain, texts)):
            yield Needle(
                owner=owner, form=chain, severity=severity, variant=variant, pattern=pattern
            )


def _line(owner: str, number: int, line: bytes, chains: Iterable[Chain]) -> Iterator[Needle]:
    for chain in chains:
        for variant, pattern in enumerate(spell(chain, [line])):
            yield Needle(
                owner=owner,
                part=f"[{number}]",
                form=chain,
                severity="medium",
                variant=variant,
                pattern=pattern,
            )


def _unique(needles: Iterable[Needle]) -> Iterator[Needle]:
    """The first needle of each pattern: the simplest disguise that explains the bytes."""
    seen: set[bytes] = set()
    for needle in needles:
        if len(needle.pattern) >= MIN_DERIVED and needle.pattern not in seen:
            seen.add(needle.pattern)
            yield needle
