"""Words that several messages about configuration share."""

from collections.abc import Collection
from typing import Final

from ci_secrets.text import foreign

NAME: Final = "ci-secrets.yaml"
"""The file, in the workspace of a job."""
EXAMPLE: Final = """\
version: 1
stores:
  vault: {url: https://vault.example:8200, role: my-role}
secrets:
  DB_PASSWORD: vault:secret/data/app#password"""
"""A whole ci-secrets.yaml, to paste."""


def shown(text: str) -> str:
    """A key or a short word of the file, fit to be printed."""
    return f"`{foreign(text, 60)}`"


def nearest(word: str, known: Collection[str]) -> str:
    """`Did you mean …?`, else the list of what is known."""
    import difflib

    # NOTE: difflib is quadratic, and the word is the file's.
    close = difflib.get_close_matches(word[:60], known, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Known here: {', '.join(sorted(known))}." if known else "Nothing may stand here."
