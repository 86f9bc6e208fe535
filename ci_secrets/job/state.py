"""What start hands to end: which values, sessions and files, sealed in the run's own directory."""

import base64
import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_secrets import seal
from ci_secrets.config.model import Auth, Leaks, StoreConfig
from ci_secrets.errors import CiSecretsError
from ci_secrets.job import places
from ci_secrets.leaks.sought import Known
from ci_secrets.paths import absolute
from ci_secrets.platforms.interface import Run
from ci_secrets.response.outcome import Ended
from ci_secrets.secret import Secret

if TYPE_CHECKING:
    from ci_secrets.job.opening import Job


def named(run: Run) -> Run:
    """The run with an id; a random one where there is no CI and no `--run-id`."""
    return run if run.run else dataclasses.replace(run, run=secrets.token_hex(4))


def audit_key(environment: Mapping[str, str]) -> bytes | None:
    """The operator's key for the trail, from the file or descriptor that the environment names."""
    named_by = environment.get("CI_SECRETS_AUDIT_KEY_FILE")
    if not named_by:
        return None
    from ci_secrets.audit import load_key

    return load_key(named_by)


def begin(job: "Job") -> "Sealed | None":
    """The state of the run, made before anything is minted.

    `None`, with a warning, where it cannot be made and the job can do without.
    """
    try:
        base = places.own_base(places.base(job.wanted, job.platform), job.run)
        key = job.platform.state_key(job.run, directory=base, create=True)
        made = seal.new(places.directory(base, job.run), job.run, key, _payload(job))
    except CiSecretsError as failure:
        if job.wanted.heartbeat_ttl is None:
            raise
        job.console.warn(
            f"The state cannot be sealed ({failure.what.rstrip('.')}): after a kill -9 nothing is "
            "revoked until the heartbeat's TTL has passed."
        )
        return None
    if key.weaker and job.wanted.heartbeat_ttl is None:
        job.console.say(
            f"the state's key is a {key.came_from}, which is weaker: better give the job a "
            "credential CI_SECRETS_STATE_KEY",
            "dim",
        )
    job.own["state key"] = key.material
    return Sealed(made)


class Sealed:
    """The state file of a run that is open."""

    def __init__(self, file: seal.SealedState) -> None:
        self._file = file
        self.directory = file.path.parent
        """Private to this run."""

    def write(self, job: "Job") -> None:
        """Everything that another process needs to close this run."""
        self._file.write(_payload(job))

    def close(self, ended: Ended) -> None:
        """Leave a tombstone without values; the state and its key file are gone."""
        self._file.close(tombstone(ended))


def _payload(job: "Job") -> dict[str, Any]:
    return {
        "stores": {name: _store_as_json(job.config.stores[name]) for name in job.sessions},
        "sessions": {name: it.handover() for name, it in job.sessions.items()},
        "logins": sorted(job.logins),
        "known": {name: base64.b64encode(it.reveal()).decode() for name, it in job.known().items()},
        "asked": sorted(entry.name for entry in job.credentials),
        "files": [str(path) for path in job.files],
        "leaks": dataclasses.asdict(job.config.leaks),
        "require-proof": job.wanted.require_proof,
        "audit-file": str(job.config.audit.file or ""),
        "audit-required": job.config.audit.required,
        "trail": job.trail.handover(),
    }


def tombstone(ended: Ended) -> dict[str, Any]:
    """What a later `finish` may still say of a closed run."""
    return {
        "verdict": ended.verdict.value,
        "coverage": [{"source": c.source, "state": c.state} for c in ended.coverage],
        "audit-head": ended.audit_head,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """A state as `finish` reads it."""

    stores: Mapping[str, StoreConfig]
    sessions: Mapping[str, Mapping[str, Any]]
    logins: tuple[str, ...]
    """Stores that were asked for a login whose answer is not known."""
    known: Known
    files: tuple[Path, ...]
    leaks: Leaks
    require_proof: bool
    audit_file: Path | None
    audit_required: bool
    trail: Mapping[str, Any]


def read(payload: Mapping[str, Any]) -> Handed:
    """The payload that `Sealed.write` wrote."""
    return Handed(
        stores={name: _store_from_json(it) for name, it in payload["stores"].items()},
        sessions=payload["sessions"],
        logins=tuple(payload["logins"]),
        known=Known(
            {name: Secret(base64.b64decode(it)) for name, it in payload["known"].items()},
            frozenset(payload["asked"]),
        ),
        files=tuple(Path(path) for path in payload["files"]),
        leaks=Leaks(**payload["leaks"]),
        require_proof=payload["require-proof"],
        audit_file=Path(payload["audit-file"]) if payload["audit-file"] else None,
        audit_required=payload["audit-required"],
        trail=payload["trail"],
    )


_PATHS = ("ca_file", "client_cert", "client_key")


def _store_as_json(store: StoreConfig) -> dict[str, Any]:
    fields = dataclasses.asdict(store)
    return fields | {name: str(absolute(fields[name])) for name in _PATHS if fields[name]}


def _store_from_json(fields: Mapping[str, Any]) -> StoreConfig:
    paths = {name: Path(fields[name]) for name in _PATHS if fields[name]}
    lists = {"auth": Auth(**fields["auth"]), "hosts": tuple(fields["hosts"])}
    return StoreConfig(**(dict(fields) | paths | lists))
