"""Which texts are looked for because of one value: the whole, its lines, its secret fields."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from ci_secrets.leaks.findings import Severity, Skipped
from ci_secrets.leaks.forms.reading import as_text
from ci_secrets.leaks.forms.stop import is_stop_value
from ci_secrets.leaks.parts.leaves import MAX_LEAVES, MIN_LEAF, Leaves
from ci_secrets.leaks.parts.lines import MAX_LINES, Lines, lines_of
from ci_secrets.leaks.parts.numbers import numbers_of
from ci_secrets.leaks.parts.words import is_wordy

# Source: facts measured on 6 MB of ordinary text: a random form of 4 bytes never stood in it, of
# 3 bytes one in twelve did; two more bytes are the margin.
MIN_WHOLE: Final = 6
"""Bytes of a whole value, without surrounding white space; shorter ones are not looked for."""
MIN_SURE: Final = 8
"""Bytes of a whole value from which a finding is sure."""
MAX_READ: Final = 64 * 1024
"""Bytes of a value whose fields are read; of longer ones the whole and lines are looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A text that is looked for. Everything but `text` may be shown."""

    owner: str
    """The name of the value."""
    name: str
    """Empty for the whole, `[3]` for the third line, `.db.password` for a field.

    Two parts may have one name: a password in a URL, decoded and as it is written.
    """
    kind: Literal["whole", "line", "leaf", "number"]
    """A number is bytes: one of a private key, in every format of which it stands."""
    severity: Severity
    text: bytes = field(repr=False)
    """Without white space around it, but for a number."""
    wordy: bool
    """Whether it is words or few different characters, so that only sure forms are looked for."""

    @property
    def secret(self) -> str:
        """The name that a finding carries."""
        return self.owner + self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What one value comes to."""

    parts: tuple[Part, ...] = ()
    """Without repeated texts: the whole, its lines, its fields in the order they stand."""
    skipped: tuple[Skipped, ...] = ()
    """What is looked for only together with the rest of the value, counted."""


def fields_of(parts: Iterable[Part]) -> Mapping[str, frozenset[bytes]]:
    """The secret fields of each value that has any, by its name."""
    fields: defaultdict[str, set[bytes]] = defaultdict(set)
    for part in parts:
        if part.kind == "leaf":
            fields[part.owner].add(part.text)
    return {owner: frozenset(texts) for owner, texts in fields.items()}


def parts_of(owner: str, value: bytes) -> Parts:
    """Take a value apart. Linear in its length, and never raises."""
    whole = value.strip()
    if len(whole) < MIN_WHOLE:
        return _not_at_all(owner, f"shorter than {MIN_WHOLE} bytes")
    if is_stop_value(whole):
        return _not_at_all(owner, "a common word, or what stands in every log")
    lines, leaves = lines_of(value), Leaves()
    text = as_text(whole)
    if text and len(whole) <= MAX_READ:
        leaves.open(text)
    parts = [
        Part(
            owner=owner,
            name="",
            kind="whole",
            severity="high" if len(whole) >= MIN_SURE else "low",
            text=whole,
            wordy=bool(text) and is_wordy(text),
        ),
        *_lines(owner, "", lines),
        *_leaves(owner, leaves),
        *_numbers(owner, "", whole),
    ]
    once = {part.text: part for part in reversed(parts)}
    return Parts(
        parts=tuple(part for part in parts if once[part.text] is part),
        skipped=tuple(
            Skipped(secret=owner, reason=note)
            for note in _notes(lines, leaves, read=len(whole) <= MAX_READ)
        ),
    )


def _not_at_all(owner: str, why: str) -> Parts:
    return Parts(skipped=(Skipped(secret=owner, reason=why, extent="looked for at all"),))


def _lines(owner: str, name: str, lines: Lines) -> Iterator[Part]:
    for line in lines.worth:
        yield Part(
            owner=owner,
            name=f"{name}[{line.number}]",
            kind="line",
            severity="medium",
            text=line.text,
            wordy=line.wordy,
        )


def _leaves(owner: str, leaves: Leaves) -> Iterator[Part]:
    for leaf in leaves.found:
        text = leaf.text.encode("utf-8", "surrogatepass")  # half a pair, from JSON
        yield Part(
            owner=owner,
            name=leaf.name,
            kind="leaf",
            severity="medium",
            text=text,
            wordy=leaf.wordy,
        )
        yield from _lines(owner, leaf.name, lines_of(text))
        yield from _numbers(owner, leaf.name, text)


def _numbers(owner: str, name: str, text: bytes) -> Iterator[Part]:
    for number in numbers_of(text[:MAX_READ]):
        yield Part(
            owner=owner,
            name=name + number.name,
            kind="number",
            severity="medium",
            text=number.data,
            wordy=False,
        )


def _notes(lines: Lines, leaves: Leaves, *, read: bool) -> Iterator[str]:
    """What is said of the rest, in words."""
    if lines.left_out:
        yield (
            f"{lines.left_out} of its lines are short, public or plain settings: "
            "found only with the whole"
        )
    if lines.unread:
        yield f"only its first {MAX_LINES} lines are looked for on their own"
    if leaves.short:
        yield (
            f"{leaves.short} of its secret fields are shorter than {MIN_LEAF} bytes: "
            "found only with the whole"
        )
    if leaves.plain:
        yield f"{leaves.plain} of its fields are words, names or ids: found only with the whole"
    if leaves.deep:
        yield (
            f"it is nested or packed too deep, or has more than {MAX_LEAVES} secret fields: "
            "the rest is found only with the whole"
        )
    if not read:
        yield f"longer than {MAX_READ // 1024} KiB: its fields are not looked for on their own"
