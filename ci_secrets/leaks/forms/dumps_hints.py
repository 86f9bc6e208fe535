"""How a dump shows a text, at every place in a word where it can begin."""

from base64 import b64encode
from collections.abc import Iterator
from itertools import takewhile
from typing import Final, Literal, NamedTuple

from ci_secrets.leaks.forms.alphabets import fragments
from ci_secrets.leaks.forms.digits_spelled import SHORT, SHORTEST_HINT, hint_units, hint_utf16
from ci_secrets.leaks.forms.dumps_characters import ESCAPES, NAMES

_FRAGMENT: Final = 6
"""Bytes of a text of which base64 has enough for a hint at each alignment."""


class _Words(NamedTuple):
    """How one kind of dump prints words that follow each other in a row."""

    size: int
    cell: str
    words: int = 1
    order: Literal["big", "little"] = "little"
    signed: bool = False
    between: str = ""
    phases: int = 0
    """How many places to begin at, where not each of a word."""


# NOTE: other rows of decimal words are seen by their shape, see `digits_seen`
_KINDS: Final = (
    _Words(1, "{:02x}", 3, between=" "),  # hexdump -C, xxd -g1, od -tx1, curl --trace
    _Words(2, "{:04x}", 2, "big", between=" "),  # xxd, tcpdump -X
    _Words(2, "{:04x}", 2, between=" "),  # hexdump, od -x
    _Words(2, "{:06o}", 2, between=" "),  # od
    _Words(1, "{:03o}", 3, between=" "),  # od -b, hexdump -b
    _Words(4, "{:08x}"),  # od -tx4, od -tx8, xxd -e
    _Words(4, "{:08x}", 1, "big"),  # xxd -g4, od --endian=big
    _Words(1, "{:02X}", 3, between=" "),  # xxd -u -g1, PowerShell
    _Words(2, "{:04X}", 2, "big", between=" "),  # xxd -u
    _Words(1, "{:08b}", 2, between=" "),  # xxd -b
    _Words(2, "{:04x}", 2, between="    "),  # hexdump -x
    _Words(2, "{:7d}", 2, signed=True),  # od -td2
    _Words(4, "{}"),  # od -tu4
    _Words(4, "{}", signed=True),  # od -td4
    _Words(1, "0x{:02x}", 2, between="\t"),  # gdb x/xb
    _Words(1, "{}", 3, between="\t"),  # gdb x/db
    _Words(3, "{:08o}", phases=5),  # od -to4, od -to8: three bytes are eight digits
)

_SHORT_KINDS: Final = (_Words(2, "{:06o}", 2, between="  "),)  # hexdump -o
"""Those that are seen by their shape where a text is longer."""


def hint_dump(text: bytes) -> Iterator[bytes]:
    """Fragments of a row of every kind of dump, the commonest first, and the text itself."""
    hints = (_characters(text), _names(text), *_numbers(text), *_wide(text), *_encoded(text))
    for hint in dict.fromkeys((text[:SHORTEST_HINT], *hints)):
        if len(hint) >= SHORTEST_HINT:
            yield hint


def _numbers(text: bytes) -> Iterator[bytes]:
    """The words of all kinds that begin near the beginning of the text."""
    for kind in (*_KINDS, *(_SHORT_KINDS if len(text) < SHORT else ())):
        length = kind.size * kind.words
        for phase in range(kind.phases or kind.size):
            words = text[phase : phase + length]
            if len(words) == length:
                yield _printed(kind, words)
    yield from _eights(text)


def _wide(text: bytes) -> Iterator[bytes]:
    """UTF-16 in the commonest kinds."""
    yield from hint_utf16(text)
    yield from hint_units(text)
    yield b"".join(_characters(text[at : at + 1] + b"\0") for at in (0, 1))


def _encoded(text: bytes) -> Iterator[bytes]:
    """Base64 in the commonest kinds."""
    for fragment in fragments(b64encode, text[:_FRAGMENT], bits=6):
        yield _characters(fragment)
        yield _printed(_KINDS[0], fragment[: _KINDS[0].words])
        for phase in (0, 1):
            yield _printed(_KINDS[1], fragment[phase : phase + 4])


def _printed(kind: _Words, words: bytes) -> bytes:
    return kind.between.join(
        kind.cell.format(int.from_bytes(words[at : at + kind.size], kind.order, signed=kind.signed))
        for at in range(0, len(words), kind.size)
    ).encode()


def _eights(text: bytes) -> Iterator[bytes]:
    """Decimal words of eight bytes, or what their highest bytes tell of the first digits."""
    for phase in range(12):
        top = text[max(0, phase - 8) : phase]
        if len(top) == 8 or 4 <= phase < 8:
            low = int.from_bytes(top, "little") << 8 * (8 - len(top))
            high = low + (1 << 8 * (8 - len(top))) - 1
            yield _begin_of_both(low, high)
            if top[-1] > 0x7F:  # NOTE: with sign
                yield _begin_of_both(low - (1 << 64), high - (1 << 64))


def _begin_of_both(low: int, high: int) -> bytes:
    """The digits that both begin with."""
    pairs = zip(str(low), str(high), strict=False)
    return "".join(digit for digit, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)).encode()


def _characters(text: bytes) -> bytes:
    """As `od -c` and `hexdump -c` have it."""
    return b"".join(
        b"   %c" % byte
        if 32 <= byte < 127
        else b"  \\%c" % ESCAPES[byte]
        if byte in ESCAPES
        else b" %03o" % byte
        for byte in text[:3]
    )


def _names(text: bytes) -> bytes:
    """As `od -a` has it, which drops the highest bit."""
    codes = [byte & 127 for byte in text[:3]]
    return b"".join(
        b"%4b" % (NAMES[code] if code < len(NAMES) else b"del" if code == 127 else b"%c" % code)
        for code in codes
    )
