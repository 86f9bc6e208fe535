"""Backslashes and their kin: how programs write the characters that they must not write."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from ci_secrets.leaks.forms import by_tools
from ci_secrets.leaks.forms.json import NAMED, PAIR, UNIT, character, surrogates
from ci_secrets.leaks.forms.reading import (
    Form,
    Rewriting,
    beyond_ascii,
    in_place,
    left_alone,
    marks_spelled_out,
    spelled_out,
    together,
)

_NAMED: Final = NAMED | dict(zip(b"aevE", b"\a\x1b\v\x1b", strict=True))
"""The letters of C, and the two that shells write for the escape character."""


def _byte(code: int) -> bytes:
    return bytes([code & 0xFF])


# --- C and its heirs: what they have in common, and where they part


def _backslashes(
    marker: bytes,
    number: Callable[[int], bytes],
    *,
    octal: bytes = rb"[0-7]{1,3}",
    fold: bytes = rb"\r?\n",
    named: Mapping[str, int] | None = None,
) -> Rewriting:
    r"""One heir: what `\x..` and octal numbers count, how octal and a folded line are written."""
    letters = _NAMED | {ord(letter): code for letter, code in (named or {}).items()}
    pattern = (
        rb"\\(?:" + PAIR + rb"|" + UNIT + rb"|(?P<fold>" + fold + rb")|(?P<octal>" + octal + rb")"
        rb"|x(?P<hex>[0-9a-fA-F]{1,2})|U(?P<long>[0-9a-fA-F]{8})"
        rb"|[xuN]\{(?:U\+)?(?P<list>[0-9a-fA-F]{1,6}(?: [0-9a-fA-F]{1,6})*)\}"
        rb"|M-(?P<control>\\C-)?(?P<meta>[ -~])"
        rb"|(?P<one>[" + bytes(letters) + rb"]|[^0-9A-Za-z]))"
    )

    def replace(match: re.Match[bytes]) -> bytes:
        kind, digits = match.lastgroup, match[match.lastindex or 0]
        match kind:
            case "one":
                code = letters.get(digits[0], digits[0])
                return character(code) if digits[0] in letters else digits
            case "hex":
                return number(int(digits, 16))
            case "octal":
                return number(int(digits, 8) & 0xFF)
            case "long":
                return character(int(digits, 16))
            case "list":
                return b"".join(character(int(one, 16)) for one in digits.split())
            case "meta":
                return _byte(0x80 | (digits[0] ^ 0x40 if match["control"] else digits[0]))
            case "fold":
                return b""
            case _:
                return surrogates(match[1], match[2]) if match[1] else character(int(match[3], 16))

    return Rewriting(marker, pattern, replace)


# NOTE: bytes: C, Go, Ruby, Perl, bash, Python's `bytes`. What has the escapes of JSON is its own.
BYTES: Final = _backslashes(rb'\\(?:[^"\\/bfnrtu]|u\{|\n)', _byte)
# NOTE: code points: JavaScript, Python's `str`, YAML, which also folds a line with its indent
_CHARACTERS: Final = _backslashes(
    rb"\\(?:x[89a-fA-F]|[23][0-7]{2}|[NLP_]|\r?\n[ \t])",
    character,
    fold=rb"\r?\n[ \t]*",
    named={"N": 0x85, "_": 0xA0, "L": 0x2028, "P": 0x2029},
)
_ECHO: Final = _backslashes(rb"\\0[0-3][0-7]{2}", _byte, octal=rb"0[0-7]{0,3}")


def _number(match: re.Match[bytes]) -> bytes:
    high, low, *numbers = match.groups()
    if high:
        return surrogates(high, low)
    return character(int(b"".join(filter(None, numbers)), 16))


# NOTE: Python's `stderr` and native2ascii of Java leave a backslash of the text as it is
_BEYOND_ASCII: Final = Rewriting(
    rb"\\(?:x[89a-fA-F]|u[0-9a-fA-F]{4}|U000)",
    rb"\\(?:" + PAIR + rb"|" + UNIT + rb"|x([89a-fA-F][0-9a-fA-F])|U([0-9a-fA-F]{8}))",
    _number,
)


def _numbers(
    marker: bytes, pattern: bytes, base: int, number: Callable[[int], bytes] = character
) -> Rewriting:
    """A notation with a number in its first group, or a character as it is in its second."""

    def replace(match: re.Match[bytes]) -> bytes:
        return number(int(match[1], base)) if match[1] else match[2]

    return Rewriting(marker, pattern, replace)


def _name(match: re.Match[bytes]) -> bytes:
    from unicodedata import lookup  # NOTE: seldom needed, and large

    try:
        return lookup(match[1].decode()).encode()
    except KeyError:
        return match[0]


# Source: Python's `namereplace`, and `charnames` of Perl
_NAMES: Final = Rewriting(rb"\\N\{[A-Z]", rb"\\N\{([A-Z][0-9A-Z -]{1,90})\}", _name)
# NOTE: a pattern that bash traces: the mark stands before each character, even a letter
_EACH: Final = Rewriting(rb"(?:\\[\x00-\xff]){6}", rb"\\([\x00-\xff])", lambda match: match[1])
# NOTE: an array of C, where only letters and digits are characters: `'a', 0x2d, '1',`
_ARRAY: Final = Rewriting(
    rb"', ?0x[0-9a-fA-F]{2}, ?['0]",
    rb"(?:'(\\?[^\n])'|0x([0-9a-fA-F]{2}))(?:, ?(?=['0\n])|(?= ?\}))",
    lambda item: item[1] or _byte(int(item[2], 16)),
)
_NUMBERS: Final = (
    # Source: RFC 1035 §5.1, decimal bytes in `dig`; Lua's `%q`
    _numbers(rb"\\[0-9]{3}", rb"\\(?:([0-9]{3})|([^0-9A-Za-z]))", 10, _byte),
    # Source: RFC 4514 §2.4 and RFC 4515 §3, pairs of hex digits in LDAP
    _numbers(
        rb"\\(?:[2-7](?:[89a-fA-F]|[0-7](?![0-7]))|[c-fC-F][0-9a-fA-F]\\[89abAB])",
        rb"\\(?:([0-9a-fA-F]{2})|([^0-9A-Za-z]))",
        16,
        _byte,
    ),
    # Source: CSS Syntax Module Level 3, §4.3.7; the space ends the number
    _numbers(
        rb"\\(?:[2-7][0-9a-fA-F] |[c-fC-F][0-9a-fA-F] |00[0-9a-fA-F]{2})",
        rb"\\(?:([0-9a-fA-F]{1,6}) ?|([^0-9A-Za-z\n]))",
        16,
    ),
    _numbers(rb"[uU]\+[0-9a-fA-F]{4}", rb"[uU]\+([0-9a-fA-F]{4,6})[ ,;]{0,2}", 16),
    # Source: TeamCity, Service Messages, Escaped values
    _numbers(rb"\|0x[0-9a-fA-F]{4}", rb"\|(?:0x([0-9a-fA-F]{4})|(['|\[\]]))", 16),
)


# --- other marks than the backslash


def _visible(match: re.Match[bytes]) -> bytes:
    """What `cat -A` means by `M-C`, `M-^A` and `^A`; nothing by the `$` at the end of a line."""
    meta, control, plain = match.groups()
    if plain:
        return _byte(0x80 | plain[0])
    if control:
        return _byte(control[0] ^ (0xC0 if meta else 0x40))
    return b""


_REST: Final = rb"([?-_])|M-([ -~])|\$(?=\r?\n)"
_META: Final = Rewriting(rb"M-[ -~]|\$\r?\n", rb"(?:(M-)\^|\^(?=I))" + _REST, _visible)
# NOTE: `^A` may also be what it is; only a tab is seldom that
_CONTROL: Final = Rewriting(rb"\^[?-_]", rb"(M-)?\^" + _REST, _visible)


def _backtick(match: re.Match[bytes]) -> bytes:
    digits, one = match.groups()
    return character(int(digits, 16)) if digits else _byte((_NAMED | {0x30: 0}).get(one[0], one[0]))


# Source: PowerShell, about_Special_Characters
_BACKTICK: Final = Rewriting(
    b"`[`$\"'&|;<>(){}@#,]",
    b"`(?:u\\{([0-9a-fA-F]{1,6})\\}|([0abefnrtv]|[^0-9A-Za-z]))",
    _backtick,
)
_CARET: Final = Rewriting(  # NOTE: of cmd
    rb'\^[&|<>()^"!%]', rb"\^([!-/:-@\[-`{-~])", lambda match: match[1]
)


# --- spelling


def escaped(text: bytes) -> Iterator[bytes]:
    """As bash's `printf %q` and `declare -p`, Python, Go, Perl, git and `cat -v` write it."""
    yield re.sub(rb"[^0-9A-Za-z_.,:/@%+=\x80-\xff-]", rb"\\\g<0>", text)
    yield re.sub(rb"[^0-9A-Za-z_\x80-\xff]", rb"\\\g<0>", text)
    if not text.isascii():  # NOTE: Ruby's `shellescape`
        yield re.sub(rb"[^0-9A-Za-z_.,:/@+\x80-\xff-]|[\xc0-\xff]", rb"\\\g<0>", text)
    for quotes in (b'"', b"'", b'"$`', b""):
        for style in ("", "\\x{:02x}", "\\{:03o}"):
            yield b"".join(map(_c_string(quotes, style).__getitem__, text))
    try:
        characters = text.decode().encode("unicode_escape")
    except UnicodeDecodeError:
        pass  # NOTE: it has bytes, but no characters
    else:
        yield characters
        yield characters.replace(b"'", rb"\'")
    yield b"".join(map(_shown().__getitem__, text))
    yield re.sub(rb'[&|<>()^"!%]', rb"^\g<0>", text)  # NOTE: cmd
    yield re.sub(rb"[^0-9A-Za-z_]", rb"\\\g<0>", text)  # NOTE: Perl's `quotemeta` of bytes


def every_byte_escaped(text: bytes) -> Iterator[bytes]:
    r"""Each as `\x6b`; squashed, it is the same as `&#x6b;` and `\x{6b}`."""
    yield b"".join(b"\\x%02x" % byte for byte in text)


@cache
def _c_string(quotes: bytes, style: str) -> Sequence[bytes]:
    """Each byte as it stands in a string of C; from 0x80 in this style, raw without one."""
    spelled = [_byte(code) for code in range(0x100)]
    for code in (*range(0x20), *range(0x7F, 0x100 if style else 0x80)):
        spelled[code] = (style or "\\x{:02x}").format(code).encode()
    for name in b"nrt":
        spelled[_NAMED[name]] = b"\\%c" % name
    for code in b"\\" + quotes:
        spelled[code] = b"\\%c" % code
    return spelled


@cache
def _shown() -> Sequence[bytes]:
    """Each byte as `cat -v` shows it."""

    def show(code: int) -> bytes:
        low = code & 0x7F
        shown = b"^%c" % (low ^ 0x40) if low < 0x20 or low == 0x7F else b"%c" % low
        return b"M-" + shown if code > 0x7F else _byte(code) if low in b"\t\n" else shown

    return tuple(map(show, range(256)))


FORMS: Final[dict[str, Form]] = {
    "escape": Form(
        words="text with escapes",
        spell=escaped,
        streamed=together(every_byte_escaped, by_tools.every_character_escaped, by_tools.escapes),
        nested=2,
        hint=together(
            spelled_out("\\x{:02x}", "\\{:03o}", "U+{:04X} "),
            spelled_out("\\x{{{:x}}}", "\\u{{{:x}}}", "\\{:06x}"),
            spelled_out("\\{:c}", "{:c}\\\n", "{:c}^@", "{:c}\\0", count=4),
            spelled_out("{:c}\\x00", "{:c}\\000", "\\U{:08x}", "\\{:x} ", count=3),
            marks_spelled_out("\\x{:02x}"),
            beyond_ascii("\\u{{{:x}}}", "\\x{{{:x}}}", "|0x{:04x}", of_bytes=("\\{}",)),
            left_alone,
        ),
        read=in_place(
            *(BYTES, _CHARACTERS, _BEYOND_ASCII, _ECHO, *_NUMBERS, _NAMES, _EACH, _ARRAY),
            *(_META, _CONTROL, _BACKTICK, _CARET),
        ),
    ),
}
