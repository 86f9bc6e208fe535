"""Escape sequences taken out of a stream."""

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.uncolour import LONGEST, Run, Uncoloured
from tests.unit.leaks.forms.torn.tears import MANY
from tests.unit.leaks.strategies import cut

HOSTILE = st.lists(
    st.sampled_from(
        [
            *[
                b"\x1b",
                b"[",
                b"]",
                b"31",
                b";",
                b"m",
                b"K",
                b"\\",
                b"\x07",
                b"(",
                b"B",
                b"P",
                b" ",
                b"a",
            ],
            *[b"\x1b[0m", b"\x1b]8;;x\x07", b"1" * 47, b"b" * 59, b"\n", b"\xc3\xa9", b"\x1b\\"],
        ]
    ),
    max_size=40,
).map(b"".join)
SIZES = st.lists(st.integers(1, 9), max_size=6)


def places(runs: list[Run]) -> list[tuple[int, int]]:
    """Each byte with its offset."""
    return [(run.start + at, byte) for run in runs for at, byte in enumerate(run.text)]


def whole(text: bytes) -> list[tuple[int, int]]:
    """What is kept of a text that comes in one piece."""
    stream = Uncoloured()
    return places([*stream.feed(text), *stream.close()])


@MANY
@given(text=HOSTILE, sizes=SIZES)
def test_chunks_change_nothing(text: bytes, sizes: list[int]) -> None:
    """However a stream is cut, the same bytes are kept, at their own offsets, at once."""
    stream = Uncoloured()
    runs: list[Run] = []
    fed = 0
    for piece in cut(text, sizes):
        runs += stream.feed(piece)
        fed += len(piece)
        held = len(stream._held)
        assert held < LONGEST
        assert all(run.start + len(run.text) <= fed - held for run in runs)
    runs += stream.close()
    assert places(runs) == whole(text)
    assert all(text[at] == byte for at, byte in places(runs))


@MANY
@given(value=st.text("abcXYZ019", min_size=1).map(str.encode), sizes=SIZES)
def test_coloured_letters_come_out_clean(value: bytes, sizes: list[int]) -> None:
    """A value with a colour, a link and a charset at each letter is what the stream keeps."""
    text = b"".join(
        b"\x1b[38;5;%dm%c\x1b[0m\x1b]8;;http://x\x07\x1b(B\x1b[K" % (byte, byte) for byte in value
    )
    stream = Uncoloured()
    runs = [run for piece in cut(text, sizes) for run in stream.feed(piece)] + stream.close()
    assert b"".join(run.text for run in runs) == value


def test_sequence_that_is_too_long_is_text() -> None:
    """A title of more than 64 bytes stays, and so does an escape that nothing follows."""
    title = b"\x1b]0;" + b"t" * 70 + b"\x07"
    assert bytes(byte for _, byte in whole(title)) == title
    assert bytes(byte for _, byte in whole(b"ab\x1b")) == b"ab\x1b"


def test_text_without_escapes_passes_at_once() -> None:
    """Each piece comes back as one run with its offset."""
    stream = Uncoloured()
    assert stream.feed(b"abc") == [Run(b"abc", 0)]
    assert stream.feed(b"") == []
    assert stream.feed(b"de") == [Run(b"de", 3)]
    assert stream.close() == []
