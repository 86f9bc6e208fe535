"""JSON strings, and every other way to write a character behind a backslash or a like mark."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.escapes import FORMS
from ci_secrets.leaks.forms.json import FORMS as JSON_FORMS
from tests.unit.leaks.forms.undoing import AROUND, HOSTILE, OUTSIDE, assert_undone, pieces, spans
from tests.unit.leaks.strategies import AWKWARD, VALUES

JSON = JSON_FORMS["json"]
ESCAPE = FORMS["escape"]
EITHER = [JSON, ESCAPE]
EXAMPLE = "pä's\"w$\\b&d€ x^B`!\t😀"


def all_units(style: str) -> Callable[[str], bytes]:
    """An encoder of every UTF-16 unit in a style."""

    def encode(text: str) -> bytes:
        raw = text.encode("utf-16-be")
        units = (int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
        return "".join(style.format(unit) for unit in units).encode()

    return encode


JSON_STYLES: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode(),
    "ASCII": lambda text: json.dumps(text)[1:-1].encode(),
    "slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/").encode(),
    "all, lower": all_units("\\u{:04x}"),
    "all, upper": all_units("\\u{:04X}"),
}
BYTE_STYLES: dict[str, Callable[[str], bytes]] = {
    "hex": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()).encode(),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()).encode(),
    "echo": lambda text: "".join(f"\\0{byte:03o}" for byte in text.encode()).encode(),
    "decimal": lambda text: "".join(f"\\{byte:03d}" for byte in text.encode()).encode(),
    "LDAP": lambda text: "".join(f"\\{byte:02X}" for byte in text.encode()).encode(),
    "braces": lambda text: "".join(f"\\u{{{ord(one):x}}}" for one in text).encode(),
    "Perl": lambda text: "".join(f"\\x{{{ord(one):x}}}" for one in text).encode(),
    "long": lambda text: "".join(f"\\U{ord(one):08x}" for one in text).encode(),
    "code points": lambda text: "".join(f"U+{ord(one):04X} " for one in text).encode(),
    "CSS": lambda text: "".join(f"\\{ord(one):x} " for one in text).encode(),
    "Python": lambda text: text.encode("unicode_escape"),
    "bytes": lambda text: repr(b'"' + text.encode())[3:-1].encode(),
    "signs": lambda text: re.sub(r"([^\w])", r"\\\1", text).encode(),
    "caret": lambda text: re.sub(r'([&|<>()^"!%])', r"^\1", text).encode(),
    "backtick": lambda text: re.sub(r"([`$\"'&|;<>(){}@#, ])", r"`\1", text).encode(),
}


NOTICED: dict[str, Callable[[str], bytes]] = {
    **{name: BYTE_STYLES[name] for name in ("hex", "octal", "braces", "Perl", "code points")},
    "JSON": JSON_STYLES["all, lower"],
    "CSS": lambda text: "".join(f"\\{ord(one):06x}" for one in text).encode(),
    "pattern": lambda text: re.sub(r"(.)", r"\\\1", text).encode(),
    "sed -n 'l 1'": lambda text: re.sub(r"(.)", "\\1\\\\\n", text).encode(),
    "marks": lambda text: re.sub(r"\W", lambda one: f"\\x{ord(one[0]):02x}", text).encode(),
    "marks of JSON": lambda text: re.sub(r"\W", lambda one: f"\\u{ord(one[0]):04x}", text).encode(),
}


@pytest.mark.parametrize("style", NOTICED)
def test_hints_show_what_leaves_no_letters_together(style: str) -> None:
    """A password of many marks is noticed in each notation that writes it without a long word."""
    printed = NOTICED[style]("a" + "b;Qz}{;$7'w\"x#" + "z")
    found = {one for form in EITHER if form.hint for one in form.hint(b"b;Qz}{;$7'w\"x#")}
    assert any(one in printed and len(one) >= 8 for one in found), (printed, found)


def test_signs_of_shells_are_spelled() -> None:
    """As cmd and `quotemeta` of Perl, which takes bytes for characters, write them."""
    assert ESCAPE.spell is not None
    spelled = list(ESCAPE.spell("a&b^(c%ä".encode()))
    assert "a^&b^^^(c^%ä".encode() in spelled
    assert b"a\\&b\\^\\(c\\%\\\xc3\\\xa4" in spelled


def test_marks_alone_are_no_hint_of_a_word() -> None:
    """What eight letters and digits in a row show is not looked for by its marks too."""
    assert JSON.hint is not None
    mark = rb"\u007b\u0027\u003b\u007d"
    assert mark in JSON.hint(b"{';}abcdefg")
    assert mark not in JSON.hint(b"{';}abcdefgh")


@pytest.mark.parametrize("style", JSON_STYLES)
@given(value=VALUES, inside=st.tuples(AROUND, AROUND), outside=st.tuples(OUTSIDE, OUTSIDE))
def test_json_is_read(
    style: str, value: str, inside: tuple[str, str], outside: tuple[bytes, bytes]
) -> None:
    """A value comes out of a JSON string of any style, with exactly its own bytes as span."""
    quoted = outside[0] + b' "', b'"' + outside[1]
    assert_undone([JSON], JSON_STYLES[style], value, inside, quoted)


@pytest.mark.parametrize("style", BYTE_STYLES)
@given(value=VALUES)
def test_escapes_are_read(style: str, value: str) -> None:
    """A value comes out of each notation, with exactly its own bytes as span."""
    outside = b"log: '", b"'\nnext"
    inside = ("a b,", ",z")
    assert_undone(EITHER, BYTE_STYLES[style], value, inside, outside)


@given(value=AWKWARD)
def test_each_json_spelling_is_json(value: str) -> None:
    """What is looked for is the inside of a string that means the value, the usual ones first."""
    assert JSON.spell is not None
    spelled = list(JSON.spell(value.encode()))
    assert [json.loads(b'"%s"' % one) for one in spelled] == [value] * len(spelled)
    assert spelled[0] == json.dumps(value, ensure_ascii=False)[1:-1].encode()
    assert spelled[1] == json.dumps(value)[1:-1].encode()


def test_html_safe_json_is_spelled() -> None:
    """As Go, gson, PHP with all flags and .NET write it."""
    assert JSON.spell is not None
    spelled = set(JSON.spell("a&b'c\"d=e+ä/".encode()))
    assert "a\\u0026b'c\\\"d=e+ä/".encode() in spelled
    assert 'a\\u0026b\\u0027c\\"d\\u003de+ä/'.encode() in spelled
    assert rb"a\u0026b\u0027c\u0022d=e+\u00e4\/" in spelled
    assert rb"a\u0026b\u0027c\u0022d=e\u002B\u00E4/" in spelled


def test_json_is_undone_one_level_at_a_time() -> None:
    """A string in a string in a string takes three readings."""
    text = b'k "\\'
    for depth in range(3):
        text = json.dumps(text.decode()).encode()
        assert pieces(JSON, text)[0].text.count(b"\\") < text.count(b"\\"), depth


def test_half_a_pair_is_left_as_it_is() -> None:
    """A lone surrogate is no character, and does not spoil what follows it."""
    assert spans(JSON, rb"\ud83d\u0061bc \ud83d\ude00", "abc 😀".encode()) == {(6, 27)}


@given(text=HOSTILE)
def test_nothing_raises(text: bytes) -> None:
    """Any bytes may be read and spelled."""
    for form in EITHER:
        pieces(form, text)
        assert form.spell is not None
        assert form.hint is not None
        assert all(isinstance(one, bytes) for one in [*form.spell(text), *form.hint(text)])


def test_plain_text_is_refused() -> None:
    """A text without any mark has nothing to read, nor has an empty budget."""
    assert not pieces(JSON, b'plain text: 1/2, it\'s "so"\n')
    assert not pieces(ESCAPE, b'plain text: 1/2, it\'s "so" $HOME/`x` 2^8 C:\\temp\n')
    assert not pieces(ESCAPE, rb"\x41\x42\x43", budget=2)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        (r"p\xe4\W\ud83d\ude00\U0001f600\u20ac\n", r"pä\W😀😀€\n"),
        ("M-CM-$x^I", "äx\t"),
        ("M-pM-^_M-^XM-^@!$\n", "😀!\n"),
        ('`$x``y`"`u{e4}', '$x`y"ä'),
        ("^&^^x^%", "&^x%"),
        (r"\M-C\M-$ \M-b\M-\C-B\M-,", "ä €"),
        ("abc\\\ndef\\303\\\n\\244", "abcdefä"),
        ('"abc\\\n    \\ d\\xE4\\_e"', "abc dä\xa0e"),
        (r"\N{U+e4}\u{68 75}", "ähu"),
        (r"\38 \31 \&x", "81&x"),
        (r"Jos\C3\A9\2C \28", "José, ("),
        (r"J\195\164x\"", 'Jäx"'),
        ("U+00E4, U+0062", "äb"),
        (r"\N{LATIN SMALL LETTER A WITH DIAERESIS}b\N{CJK UNIFIED IDEOGRAPH-6D77}", "äb海"),
        (r"\N{NO SUCH NAME}\N{ROCKET}", r"\N{NO SUCH NAME}🚀"),
        ("\\b\\x\\0\\\n\\n\\'\\\\\\u", "bx0\nn'\\u"),
        ("|0x017dlu|0x0165ou|'k|[", "Žluťou'k["),
    ],
)
def test_rare_notations_are_read(printed: str, value: str) -> None:
    """Those of cat -A, PowerShell, cmd, zsh, YAML, Perl, CSS, LDAP, DNS, Python and bash -x."""
    assert any(value.encode() in piece.text for piece in pieces(ESCAPE, printed.encode() + b"\n"))


TOOLS = {
    "bash": ["bash", "-c", 'printf "%q" "$1"', "-"],
    "bash, ASCII": ["env", "LC_ALL=C", "bash", "-c", 'printf "%q" "$1"', "-"],
    "bash, declare": ["bash", "-c", "v=$1; declare -p v", "-"],
    "zsh": ["env", "LC_ALL=C", "zsh", "-fc", "set -x; : $1", "-"],
    "sed": ["bash", "-c", "printf %s \"$1\" | LC_ALL=C sed -n 'l 20'", "-"],
    "cat": ["bash", "-c", 'printf %s "$1" | cat -A', "-"],
    "perl": ["perl", "-MData::Dumper", "-e", "$Data::Dumper::Useqq=1; print Dumper(@ARGV)"],
    "perl, quotemeta": ["perl", "-e", "print quotemeta($ARGV[0])"],
    "perl, characters": [
        "perl", "-MData::Dumper", "-e", "utf8::decode($ARGV[0]); print Dumper(@ARGV)"
    ],
    "node": ["node", "-e", "console.log([process.argv[1]])"],
    "jq": ["jq", "-nac", "--arg", "v", EXAMPLE, "[$v]"],
    "jq, twice": ["jq", "-nac", "--arg", "v", EXAMPLE, "[$v|tojson]"],
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
def test_what_tools_print_is_read(tool: str) -> None:
    """The value comes out of what the tool made of it, in two readings at most."""
    program = next(word for word in TOOLS[tool] if word != "env" and "=" not in word)
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    command = TOOLS[tool] if program == "jq" else [*TOOLS[tool], EXAMPLE]
    run = subprocess.run(command, capture_output=True, check=True, timeout=60)
    printed = run.stdout + run.stderr
    once = [piece.text for form in EITHER for piece in pieces(form, printed)]
    twice = [piece.text for text in once for form in EITHER for piece in pieces(form, text)]
    assert any(EXAMPLE.encode() in text for text in [printed, *once, *twice]), printed


@given(value=AWKWARD.map(str.strip), width=st.integers(20, 80), ascii_only=st.booleans())
def test_double_quoted_yaml_is_read(value: str, width: int, ascii_only: bool) -> None:
    """A value comes out of YAML between double quotes, folded at any width."""
    printed = yaml.dump(
        {"a": {"b": f"some {value} more"}},
        default_style='"', width=width, allow_unicode=not ascii_only,
    ).encode()  # fmt: skip
    texts = [printed, *(piece.text for form in EITHER for piece in pieces(form, printed))]
    assert any(value.encode() in text for text in texts), printed


def test_arrays_of_c_are_read() -> None:
    """Characters in quotes and the others in hex, as generators of headers print them."""
    text = b"char k[] = { 'm', 'Z', 0x2d, '4', 0x3a, 'k', 0xc3, 0xbc };"
    assert any("mZ-4:kü".encode() in one.text for one in pieces(ESCAPE, text))


@pytest.mark.parametrize(
    "printed",
    [
        r"\u00fc\u00e4",
        r"\u{fc}\u{e4}",
        r"\x{fc}\x{e4}",
        r"\u00c3\u00bc",
        r"\195\188\195\164",
        "|0x00fc|0x00e4",
    ],
)
def test_what_is_not_ascii_is_a_hint(printed: str) -> None:
    """Two characters of it, or two bytes, where those that are ASCII are left as they are."""
    hints = [hint for form in EITHER if form.hint for hint in form.hint("Züä4".encode())]
    assert any(hint in printed.encode() for hint in hints)


def test_shellescape_is_spelled() -> None:
    """Ruby puts a backslash before each character that is not ASCII, not before each byte."""
    assert ESCAPE.spell is not None
    assert "a\\&b\\ü\\ä".encode() in ESCAPE.spell("a&büä".encode())
