"""A step of hashicorp/vault-action as a configuration: the same meaning, or an error that says why.

Source: action.yml and src/ of hashicorp/vault-action 3.4.0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from ci_secrets.config.model import Config, Encoding, Missing, SecretRequest
from ci_secrets.config.selectors import parse_secrets
from ci_secrets.config.trust import apply_floors, check_stores, floor_audit, floor_leaks
from ci_secrets.config.vault_action.inputs import FLAGS, Inputs, flag, given
from ci_secrets.config.vault_action.pki import parse_pki
from ci_secrets.config.vault_action.store import STORE, pems, store
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

_ENCODINGS: Final = ("base64", "hex", "utf8")

Keep = Callable[[str, bytes], Path]
"""Keeps a PEM file under a name for the length of the job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a step asks for."""

    config: Config
    export_env: bool
    export_token: bool
    output_token: bool


def read(environment: Mapping[str, str], keep: Keep) -> Asked:
    """The inputs of this step. Raises `ConfigError` before anything is kept or sent."""
    inputs = given(environment)
    flags = {name: flag(inputs, name) for name in FLAGS}
    requests = _requests(inputs, ignore_missing=flags["ignoreNotFound"])
    described = store(inputs, environment)
    certificates = pems(inputs)
    config = Config(
        origin="workflow",
        stores={STORE: described},
        secrets=requests,
        leaks=floor_leaks(environment),
        audit=floor_audit(environment),
    )
    check_stores(config, environment)
    files = {name: keep(f"{name}.pem", pem) for name, pem in certificates.items()}
    described = replace(
        described,
        ca_file=files.get("caCertificate"),
        client_cert=files.get("clientCertificate"),
        client_key=files.get("clientKey"),
    )
    return Asked(
        config=apply_floors(replace(config, stores={STORE: described}), environment),
        export_env=flags["exportEnv"],
        export_token=flags["exportToken"],
        output_token=flags["outputToken"],
    )


def _requests(inputs: Inputs, *, ignore_missing: bool) -> tuple[SecretRequest, ...]:
    if inputs["secrets"] and inputs["pki"]:
        raise ConfigError(
            "Both `secrets` and `pki` are given.", fix="Use two steps, one for each of them."
        )
    if inputs["pki"]:
        return parse_pki(inputs["pki"], STORE)
    requests = parse_secrets(inputs["secrets"], STORE)
    encoding = inputs["secretEncodingType"] or "utf8"
    if encoding not in _ENCODINGS:
        raise ConfigError(
            f"The input `secretEncodingType` is `{foreign(encoding, 60)}`.",
            fix=f"One of: {', '.join(_ENCODINGS)}.",
        )
    missing = Missing(policy="optional-path" if ignore_missing else "required")
    known = cast("Encoding", encoding)
    return tuple(replace(request, encoding=known, missing=missing) for request in requests)
