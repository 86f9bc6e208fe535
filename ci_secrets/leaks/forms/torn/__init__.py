"""Text torn apart: wrapped, spaced, listed, with a prefix at each line, with colours inside."""

from collections.abc import Callable, Iterator
from typing import Final

from ci_secrets.leaks.forms.reading import Budget, Form, Piece
from ci_secrets.leaks.forms.torn import colours, columns, prefixes, spacing
from ci_secrets.leaks.forms.torn.encoded import encoded_hints
from ci_secrets.leaks.forms.torn.hints import hints

READERS: Final[tuple[Callable[[bytes], Iterator[Piece]], ...]] = (
    colours.uncoloured,
    colours.word_diffs,
    colours.overstruck,
    prefixes.known_prefixes,
    prefixes.shared_prefixes,
    spacing.visible,
    spacing.joined,
    spacing.unseparated,
    spacing.unquoted,
    columns.columns,
)
"""Each undoes one way to tear; a text that was torn in two ways is read twice."""


def read(text: bytes, budget: Budget) -> Iterator[Piece]:
    """The text with one tear undone, in every way that something in it speaks for."""
    for reader in READERS:
        for piece in reader(text):
            if not budget.spend(len(piece.text)):
                return
            yield piece


def noticed(text: bytes) -> Iterator[bytes]:
    """Literals for tears of the text itself, then for tears of its encodings."""
    yield from hints(text)
    yield from encoded_hints(text)


FORMS: Final[dict[str, Form]] = {
    "torn": Form(words="text torn apart", hint=noticed, read=read),
}
