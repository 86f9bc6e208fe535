"""Each story at each door: what the job had, how it ended, what was seen, and what is left."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ci_secrets import scan
from ci_secrets.testing.issuer import Issuer
from tests.conformance.case import PIPELINES, Case, DoorName, cases
from tests.conformance.doors import Door
from tests.conformance.store import Store
from tests.patience import wait_until
from tests.real.conftest import missing
from tests.real.servers import PostgresServer, VaultServer, find_vault

CASES = cases()
_LINE = 12
"""A line of a value that has so many bytes is looked for in files."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.door}")
def test_conformance(
    case: Case, doors: Mapping[DoorName, Door], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The door keeps what the case declares."""
    store: Store = request.getfixturevalue("own_store" if case.own_store else "shared_store")
    more = {"STORE": store.stage.vault.url, "STORE_PID": str(store.stage.vault.pid)}
    before = frozenset() if case.own_store else store.open()
    played = doors[case.door].play(case, store.stage, tmp_path, more)
    assert played.code == case.exit, played.log
    for text in case.says:
        assert text in played.log, played.log
    given = _given(tmp_path)
    _had(case, store, given)
    _seen(case, store, given, played.log)
    _left(case, store, given, tmp_path)
    if case.own_store:
        return
    # After a signal leases are not waited for by the job either.
    wait_until(lambda: store.open() <= before)
    for values in given:
        assert not store.stage.postgres.can_login(values["DB_USER"], values["DB_PASSWORD"])


def _given(folder: Path) -> list[dict[str, str]]:
    """What each program had: name → value."""
    found = []
    for probe in folder.rglob("probe*"):
        entries = probe.read_bytes().decode().split("\0")[:-1]
        found.append(dict(entry.split("=", 1) for entry in entries))
    return found


def _had(case: Case, store: Store, given: list[dict[str, str]]) -> None:
    """Each program had what it should: the store's own values, and a user of its own."""
    programs = case.programs if case.given else 0
    assert [set(values) for values in given] == [case.given] * programs
    for values in given:
        assert (
            store.values.items()
            >= {name: value for name, value in values.items() if name in store.values}.items()
        )
    assert len({values["DB_USER"] for values in given}) == len(given)


def _seen(case: Case, store: Store, given: list[dict[str, str]], log: str) -> None:
    """A scan of the whole log finds what the case allows, each of it, and no more."""
    known = {"API_KEY": store.values["API_KEY"]}  # also where nobody was given it
    for number, values in enumerate(given):
        known |= {f"{name}/{number}": value for name, value in values.items()}
    report = scan(log.encode(), known)
    assert {_told(finding.secret, finding.form) for finding in report.findings} == case.found


def _told(name: str, form: tuple[str, ...]) -> str:
    return f"{name.partition('/')[0]} as {' of '.join(form) or 'it is'}"


def _left(case: Case, store: Store, given: list[dict[str, str]], folder: Path) -> None:
    """No file has a line of a value, and no state is open."""
    values = [value for each in [store.values, *given] for value in each.values()]
    lines = {line for value in values for line in value.encode().splitlines()}
    wanted = [line for line in lines if len(line) >= _LINE and not line.startswith(b"-----")]
    files = [path for path in folder.rglob("*") if path.is_file() and path.name[:5] != "probe"]
    texts = {path: path.read_bytes() for path in files}
    assert [path for path, text in texts.items() if any(line in text for line in wanted)] == []
    assert case.own_store or not [path for path in files if path.suffix == ".sealed"]


@pytest.fixture
def own_store(
    postgres_server: PostgresServer, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Give a store that a story may end."""
    if find_vault() is None:
        missing("Vault")
    with VaultServer() as vault:
        yield Store.made(vault, postgres_server, issuer, tmp_path_factory.mktemp("own"))


def test_every_case_is_whole() -> None:
    """Each has a story and a pipeline for every door; what one sees by itself has its reason."""
    assert len(CASES) == len(PIPELINES) * len({case.name for case in CASES})
    shared = {case.name: case for case in CASES if not case.because}
    for case in CASES:
        assert case.pipeline
        assert case.story.endswith(".")
        assert case.cancel == (case.exit is None)
        if not case.because:
            assert replace(case, door=shared[case.name].door) == shared[case.name]
