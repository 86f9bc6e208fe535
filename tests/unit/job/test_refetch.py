"""Which values are the same in every job, so that one job can look for another's."""

from types import SimpleNamespace
from typing import Any, cast

from ci_secrets.config.model import Field, SecretRequest
from ci_secrets.job.refetch import _made_anew
from ci_secrets.secret import Credential, Secret


def credential(name: str, source: str, lease_id: str | None = None) -> Credential:
    """Give one that was fetched."""
    return Credential(name=name, value=Secret("made-up"), source=source, lease_id=lease_id)


def anew(*credentials: Credential) -> set[str]:
    """Give the names that a job finds to be made anew; `pki/issue/web` is read by POST."""
    issue = SecretRequest(
        name="TLS",
        store="vault",
        path="pki/issue/web",
        selector=Field(keys=("private_key",)),
        payload={"common_name": "shop.example"},
    )
    job = SimpleNamespace(config=SimpleNamespace(secrets=[issue]), credentials=credentials)
    return _made_anew(cast("Any", job))


STATIC = credential("API_KEY", "vault:secret/data/app#api_key")
TEMPLATE = credential("SETTINGS", "template")


def test_a_stored_value_stays() -> None:
    """Every job reads the same, and a text that is made of such is the same."""
    assert anew(STATIC, TEMPLATE) == set()


def test_what_lives_on_a_lease_does_not() -> None:
    """It is another one in each job."""
    assert anew(STATIC, credential("DB", "vault:database/creds/app#password", "id")) == {"DB"}


def test_what_a_post_has_made_does_not() -> None:
    """Some stores give no lease for it, as for certificates."""
    assert anew(STATIC, credential("TLS", "vault:pki/issue/web#private_key")) == {"TLS"}


def test_a_text_that_may_hold_such_does_not() -> None:
    """What its template names is not known here."""
    made = credential("TLS", "vault:pki/issue/web#private_key")
    assert anew(STATIC, made, TEMPLATE) == {"TLS", "SETTINGS"}
