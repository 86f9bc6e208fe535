"""Hides pieces of values in the lines that reports show, where they are too short to be findings.

Of a key that was cut, the rest of a line may stand beside a line that was found. No log is called
leaking for such a piece, but no report repeats it either.
"""

from collections.abc import Iterable

from ci_secrets.leaks.excerpt import MARK
from ci_secrets.leaks.forms.stop import is_everybodys
from ci_secrets.leaks.grams import SIZE, is_telling
from ci_secrets.leaks.needles import MAX_DERIVED
from ci_secrets.leaks.parts import Part, fields_of


class Pieces:
    """Every `SIZE` bytes in a row of what is secret in clear. Immutable."""

    def __init__(self, parts: Iterable[Part]) -> None:
        parts = list(parts)
        fields = fields_of(parts)
        self._pieces = frozenset(
            piece
            for part in parts
            if _is_secret(part, fields.get(part.owner, frozenset()))
            for at in range(len(part.text) - SIZE + 1)
            if is_telling(piece := part.text[at : at + SIZE]) and not is_everybodys(piece)
        )

    def hide(self, text: bytes) -> bytes:
        """The text with `***` for each row of pieces."""
        shown: list[bytes] = []
        end = 0
        for at in range(len(text) - SIZE + 1):
            if text[at : at + SIZE] in self._pieces:
                if at > end or not shown:
                    shown += [text[end:at], MARK]
                end = at + SIZE
        return b"".join((*shown, text[end:]))


def _is_secret(part: Part, fields: frozenset[bytes]) -> bool:
    """Whether any piece of it is: of a value with secret fields, the innermost are."""
    if part.wordy or part.kind == "number" or len(part.text) > MAX_DERIVED:
        return False
    if part.kind == "whole" and fields:
        return False
    return not any(other in part.text for other in fields - {part.text})
