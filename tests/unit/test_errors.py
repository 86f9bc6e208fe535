"""The exit codes: one an error, and all of them documented."""

import inspect
import re
from pathlib import Path

import pytest

from ci_secrets import errors
from ci_secrets.errors import CiSecretsError

DOCS = Path(__file__).parents[2] / "docs" / "exit-codes.md"
ERRORS = {
    name: error
    for name, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, CiSecretsError)
}
CODES = {name: error.exit_code for name, error in ERRORS.items()}


def test_every_error_has_its_own_code() -> None:
    """The codes run from 1 to 11, none twice, none left out."""
    assert sorted(CODES.values()) == list(range(1, 12))


def test_the_documentation_has_every_error() -> None:
    """The table of docs/exit-codes.md has each error with its code, in order, and no other."""
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", DOCS.read_text(), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == CODES
    assert [int(code) for code, _ in rows] == sorted(CODES.values())


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """The picture at the top of errors.py shows each error with its code."""
    drawn = re.findall(r"(\w+Error)\s+(\d+)  ", errors.__doc__ or "")
    assert {name: int(code) for name, code in drawn} == CODES


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_has_three_texts(name: str) -> None:
    """Each error carries what happened, the likely cause and what to change; `str` is the first."""
    error = ERRORS[name]("it broke", cause="a stone", fix="remove the stone")
    assert (str(error), error.what) == ("it broke", "it broke")
    assert (error.cause, error.fix) == ("a stone", "remove the stone")
    assert isinstance(error, CiSecretsError)
