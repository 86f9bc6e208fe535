"""Characters with their places before them, for streams: there a place looks like a character."""

from collections.abc import Iterator

from ci_secrets.leaks.forms.reading import as_text


def counted(text: bytes) -> Iterator[bytes]:
    """As lists and objects are shown, `'0': 'a', '1': 'b'`, and counted from 1."""
    for first in (0, 1):
        numbered = (f"{at}': '{one}" for at, one in enumerate(as_text(text), start=first))
        yield "', '".join(numbered).encode()
