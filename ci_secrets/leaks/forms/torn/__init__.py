"""Text torn apart: wrapped, spaced, listed, with a prefix at each line, with colours inside."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span, in_turn
from ci_secrets.leaks.forms.torn import colours, columns, each, listed, prefixes, spacing
from ci_secrets.leaks.forms.torn.counted import counted
from ci_secrets.leaks.forms.torn.encoded import encoded_hints
from ci_secrets.leaks.forms.torn.hints import hints
from ci_secrets.leaks.forms.torn.seen import Kind

Reader = Callable[[bytes], Iterator[Piece]]
COLOURED: Final[tuple[Reader, ...]] = (
    colours.word_diffs,
    colours.overstruck,
    colours.untagged,
)
TORN: Final[tuple[Reader, ...]] = (
    columns.records,
    prefixes.known_prefixes,
    prefixes.shared_prefixes,
    prefixes.last_words,
    spacing.visible,
    spacing.joined,
    spacing.unseparated,
    spacing.unquoted,
    columns.columns,
    listed.listed,
    each.strings,
    each.tagged,
    each.tables,
    each.records,
    each.every_other_line,
)
OF_KIND: Final[dict[Kind, tuple[Reader, ...]]] = {
    "strings": (
        spacing.visible,
        spacing.joined,
        spacing.unseparated,
        spacing.unquoted,
        listed.listed,
    ),
    "lines": (
        prefixes.known_prefixes,
        prefixes.shared_prefixes,
        prefixes.last_words,
        spacing.visible,
        spacing.joined,
        each.strings,
        each.tagged,
        each.tables,
    ),
    "marks": (colours.uncoloured, *COLOURED, spacing.joined),
    "codes": (),
    "rows": (),
}
"""What undoes each kind that `seen` tells of; codes and rows are no matter of tears."""
READERS: Final[tuple[Reader, ...]] = (colours.uncoloured, *COLOURED, *TORN)
"""Each undoes one way to tear; a text that was torn in two ways is read twice."""


def read(text: bytes, budget: Budget) -> Iterator[Piece]:
    """The text with one tear undone, in every way that something in it speaks for.

    Without its colours, too, for these stand between any other tears.
    """
    return _paid(_pieces(text), budget)


def read_kind(kind: Kind, text: bytes, budget: Budget) -> Iterator[Piece]:
    """The same where pieces of one kind were seen, to tell whether that says anything."""
    return _paid((piece for reader in OF_KIND[kind] for piece in reader(text)), budget)


def _paid(pieces: Iterable[Piece], budget: Budget) -> Iterator[Piece]:
    """As many as the budget allows."""
    for piece in pieces:
        if not budget.spend(len(piece.text)):
            return
        yield piece


def _pieces(text: bytes) -> Iterator[Piece]:
    shown = next(colours.uncoloured(text), None)
    if shown:
        yield shown
    for reader in COLOURED:
        yield from reader(text)
    for reader in TORN:
        for piece in reader(shown.text if shown else text):
            yield Piece(piece.text, _through(shown, piece)) if shown else piece


def _through(outer: Piece, inner: Piece) -> Callable[[int, int], Span]:
    return lambda start, end: outer.span(*inner.span(start, end))


def noticed(text: bytes) -> Iterator[bytes]:
    """Literals for tears of the text itself, and in turn for tears of its encodings."""
    return in_turn(hints(text), encoded_hints(text))


FORMS: Final[dict[str, Form]] = {
    "torn": Form(words="text torn apart", streamed=counted, hint=noticed, read=read),
}
