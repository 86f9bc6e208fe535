"""What a redacted stream promises however it comes: in pieces, with pauses, with later values."""

import re
from collections.abc import Callable
from functools import cache

from hypothesis import example, given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.squash import squash
from ci_secrets.leaks.forms.torn.uncolour import LONGEST, blanked, uncoloured
from ci_secrets.leaks.index import Hit
from ci_secrets.leaks.lanes import BOUND
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.redact import Redactor
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import MARKS, cut, engine_of

FIRST = {
    "TOKEN": "mZ4kQ81vXw2Rt7LpYd3c",
    "PASSWORD": "q'7/\"&é <p>%\\9$w+z",
    "SHORT": "hunter23",
    "OVER": "er23-mZ4kQ8",
    "JSON": '{"type": "made_up", "token": "Wq8Zx31Kp0Vb", "user": "n0body-77x"}',
}
LATER = {"LATER": "xJ5-late-0c7Yw4uE91", "KEY": "L1ne-0ne-4f9a2c7e\nL1ne-7wo-8b3d1f60\n"}
SEPARATORS = [b"\n", b"\r\n", b" ", b", ", b"'\"'", b"\x1b[31m", b"\x1b[0m\n", b"\x1b]0;x\x07"]


@cache
def engine(later: bool = False) -> Engine:
    """An engine with values of several kinds."""
    return engine_of(FIRST | LATER if later else FIRST)


@cache
def patterns(later: bool = False) -> list[bytes]:
    """Each spelling that is looked for."""
    return [needle.pattern for needle in engine(later).needles]


def torn(text: bytes, width: int, separator: bytes) -> bytes:
    """The text with something between its pieces."""
    return separator.join(text[at : at + width] for at in range(0, len(text), width))


PLAIN = [" ", "\n", "\r\n", "=", "word ", "12:30:01 ", "é", "::", "\0", "\x08"]
BEGUN = ["\x1b", "\x1b[", "\x1b]0;", "\x1b[1m", "hunt", "mZ4", "L1ne", "e", "23"]
NOISE = st.sampled_from([part.encode() for part in (*PLAIN, *BEGUN)])
CHANGES: list[Callable[[bytes], bytes]] = [bytes, bytes, bytes.upper, bytes.lower]


@st.composite
def spelled(draw: st.DrawFn, later: bool = False) -> bytes:
    """A value in some form, whole or in part, as it is, in other letter case or torn."""
    text = draw(st.sampled_from(patterns(later)))
    text = draw(st.sampled_from(CHANGES))(text)
    if draw(st.booleans()):
        text = torn(text, draw(st.integers(1, 20)), draw(st.sampled_from(SEPARATORS)))
    if draw(st.integers(0, 3)) == 0:
        text = text[draw(st.integers(0, 5)) : draw(st.integers(6, len(text)))]
    return text


TEXTS = st.lists(st.one_of(spelled(later=True), NOISE), max_size=14).map(b"".join)
SIZES = st.lists(st.one_of(st.integers(1, 9), st.integers(10, 300)), max_size=5)


def run(redactor: Redactor, pieces: list[bytes]) -> bytes:
    """What comes out."""
    return b"".join(map(redactor.feed, pieces)) + redactor.finish()


@given(text=TEXTS, sizes=SIZES)
def test_any_pieces_give_the_same_output_and_report(text: bytes, sizes: list[int]) -> None:
    """Byte for byte, finding for finding, for all forms, torn, coloured, cased and cut off."""
    told = []
    for pieces in (list(cut(text, sizes)), [text]):
        redactor = Redactor(engine(later=True))
        out = run(redactor, pieces)
        report = redactor.report("log")
        told.append((out, report.findings, report.lines, report.bytes, report.skipped))
    assert told[0] == told[1]


@given(text=TEXTS, sizes=SIZES)
def test_nothing_that_is_looked_for_is_written(text: bytes, sizes: list[int]) -> None:
    """Between the marks stands no spelling of a value as a terminal shows it, nor one torn by space
    or colours, and what does stand there stood there before, in this order.
    """
    out = run(Redactor(engine(later=True)), list(cut(text, sizes)))
    assert survivors(out) == []
    at = 0
    for part in MARKS.split(out):
        at = text.index(part, at) + len(part)


def survivors(out: bytes, start: int = 0) -> list[Hit]:
    """What is found between the marks from an offset on."""
    (shelf,) = engine(later=True).shelves
    # NOTE: no sequence goes over the end of a line, so none takes a letter behind a mark
    shown = blanked(MARKS.sub(b"\n*\n", out))[start:].split(b"\n*\n")
    squashed = [hit for part in shown for hit in shelf.squashed.find(squash(part))]
    return [*shelf.literal.find(out[start:]), *squashed]


FENCE = "\nЖq9qЖ\n".encode()
"""Not deleted when a text is squashed; its first and last letter stand in no spelling."""


@given(
    parts=st.lists(st.sampled_from(patterns()), max_size=8),
    sizes=SIZES,
    pauses=st.lists(st.booleans(), min_size=1, max_size=7),
    tear=st.sampled_from([b"", b" ", b"\x1b[1m", b"\r\n"]),
)
def test_pauses_show_at_most_the_first_three_characters(
    parts: list[bytes], sizes: list[int], pauses: list[bool], tear: bytes
) -> None:
    """Whenever the stream pauses, however long; all else is as without them."""
    parts = [torn(part, 7, tear) for part in parts]
    text = FENCE + b"".join(part + FENCE for part in parts)
    redactor = Redactor(engine())
    out = b""
    for number, piece in enumerate(cut(text, sizes)):
        out += redactor.feed(piece)
        if pauses[number % len(pauses)]:
            out += redactor.idle()
    out += redactor.finish()
    calm = run(Redactor(engine()), [text]).split(FENCE)
    shown = out.split(FENCE)
    assert len(shown) == len(calm)
    for part, hidden, there in zip([b"", *parts, b""], calm, shown, strict=True):
        if there == hidden:
            continue
        mark = MARKS.search(there)
        assert mark
        before, first = there[: mark.start()], MARKS.split(hidden, maxsplit=1)[0]
        assert before.startswith(first)
        assert part.startswith(before)
        lost = before[len(first) :]
        assert len(lost) < 4 or len(squash(uncoloured(lost))) < 4


@example(text=b"\x1b]0;mZ4kQ8", sizes=[1], at=3)
@given(text=TEXTS, sizes=SIZES, at=st.integers(0, 200))
def test_later_values_are_hidden_from_then_on(text: bytes, sizes: list[int], at: int) -> None:
    """Also in what is held, however the text before and after comes: what leaves from then on
    holds none of their spellings.
    """
    outs = []
    for chosen in (sizes, []):
        redactor = Redactor(engine())
        before = b"".join(map(redactor.feed, cut(text[:at], chosen)))
        redactor.add({name: Secret(value) for name, value in LATER.items()})
        after = run(redactor, list(cut(text[at:], chosen)))
        outs.append((before, after))
        assert survivors(before + after, len(before)) == []
    assert outs[0] == outs[1]


@given(text=TEXTS, sizes=SIZES)
def test_values_that_were_known_or_added_at_once_are_treated_alike(
    text: bytes, sizes: list[int]
) -> None:
    """Before the first byte it makes no difference."""
    redactor = Redactor(engine())
    redactor.add({name: Secret(value) for name, value in LATER.items()})
    assert run(redactor, list(cut(text, sizes))) == run(Redactor(engine(later=True)), [text])


def test_what_is_held_back_is_bounded() -> None:
    """By the bound and the values' own lengths, whatever comes; and what is torn further is left
    to the scan.
    """
    value = FIRST["TOKEN"].encode()
    longest = max(map(len, patterns()))
    for gap in (b"-", b"\n", b"\x1b[0m", b" \x1b["):
        redactor = Redactor(engine())
        text = out = b""
        for piece in [value[:9], *[gap * 1000] * 150, value[9:], b"\n"]:
            text += piece
            out += redactor.feed(piece)
            assert len(text) - len(out) <= BOUND + 8 * longest + LONGEST
        assert out + redactor.finish() == text
        assert redactor.report("log").findings == ()
    near = value[:9] + b"\n" * (BOUND - 100) + value[9:]
    assert run(Redactor(engine()), list(cut(near, [1000]))) == b"***"


def test_only_what_stands_between_the_letters_is_hidden_with_them() -> None:
    """A torn value takes nothing with it that stands around it, and no other word is in it."""
    value = FIRST["TOKEN"]
    lines = "\n".join(f"| {character} |" for character in value)
    out = run(Redactor(engine()), [f"before: ({lines}) ----- after\n".encode()])
    assert out == b"before: (| *** |) ----- after\n"
    words = f"{value[:10]}\nand then {value[10:]}\n".encode()
    assert run(Redactor(engine()), [words]) == words


def test_the_end_of_an_unfinished_sequence_is_read_as_text() -> None:
    """At the end of the stream, and when more comes after all."""
    value = FIRST["TOKEN"]
    assert run(Redactor(engine()), [f"{value[:-2]}\x1b[".encode(), b"3c"]) != b"***"
    text = f"{value[:18]}\x1b]{value[18:]}".encode()
    assert run(Redactor(engine()), [text]) == b"***"
    assert run(Redactor(engine()), [text + b"\n"]) == b"***\n"


def test_an_empty_engine_holds_nothing() -> None:
    """Not even the beginning of a colour."""
    redactor = Redactor(engine_of({}))
    assert redactor.feed(b"a\x1b[3") == b"a\x1b[3"
    assert not re.search(b".", redactor.finish())
