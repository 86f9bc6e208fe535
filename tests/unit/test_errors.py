"""The exit codes: one an error, and all of them documented."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from ci_secrets import errors
from ci_secrets.errors import CiSecretsError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "exit-codes.md"
ERRORS = {
    name: error
    for name, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, CiSecretsError)
}
CONTINUED: Final = {"headers.py", "gitlab.py", "selectors.py"}
"""Of `config`: whoever knows the place puts it in front, and a colon."""
NAMED: Final = re.compile(r"(pki|extraHeaders|vault-action)\b")
"""Names of others that begin in lower case, also where a sentence does."""
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


def _texts() -> Iterator[tuple[str, ast.expr]]:
    """`FILE:LINE` and each text on what happened, or its cause, that an error is made with."""
    for path in sorted((ROOT / "ci_secrets").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            made = ast.unparse(call.func).rpartition(".")[2] in ERRORS
            texts = [*(call.args[:1] if made else ()), *_causes(call)]
            yield from ((f"{path.name}:{text.lineno}", text) for text in texts)


def _causes(call: ast.Call) -> Iterator[ast.expr]:
    return (keyword.value for keyword in call.keywords if keyword.arg == "cause")


def _ends(text: ast.expr) -> Iterator[tuple[str, str]]:
    """What a text begins and ends with, as far as it is written down; `{}` for what is put in."""
    match text:
        case ast.Constant(value=str(said)) if said:
            yield said, said
        case ast.JoinedStr(values=[first, *_, last]):
            yield _written(first), _written(last)
        case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
            yield from (*_ends(one), *_ends(other))
        case ast.BinOp(left=left, right=right):
            yield from ((first, last) for first, _ in _ends(left) for _, last in _ends(right))
        case _:  # nothing of it is written here
            pass


def _written(piece: ast.expr) -> str:
    match piece:
        case ast.Constant(value=str(said)):
            return said
        case ast.FormattedValue(value=ast.Attribute(attr="what" | "cause") | ast.Name(id="what")):
            return "{what}."  # passed on, so that it is looked at elsewhere
        case _:
            return "{}"


def test_every_error_speaks_in_sentences() -> None:
    """What happened, and its cause, begin with a capital, or a name, and end with a full stop."""
    written = [(place, *ends) for place, text in _texts() for ends in _ends(text)]
    assert len(written) > 200
    begun = [
        (place, first)
        for place, first, _ in written
        if first[0].islower() and not NAMED.match(first) and place.split(":")[0] not in CONTINUED
    ]
    assert begun == []
    assert [(place, last) for place, _, last in written if last[-1] not in ".?"] == []
