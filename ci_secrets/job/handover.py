"""What a job hands to the job that verifies it: its values, sealed; the key at the store, wrapped.

The text goes through a job output, which everybody who may read the run sees. Without the key it is
nothing, and the key is given once, to whoever asks first: a second one is told so.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ci_secrets import seal, stores
from ci_secrets.config.model import Config, Leaks, StoreConfig
from ci_secrets.config.trust import check_stores
from ci_secrets.errors import OutputRefusedError, RefusedError, UsageError
from ci_secrets.job.opening import Job
from ci_secrets.leaks.findings import Skipped
from ci_secrets.leaks.sought import Known
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.secret import Secret

MAX_BYTES: Final = 120 * 1024
"""Of the text: it is passed on in a variable, and a system call takes no longer one."""
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What the following job knows of the ones before."""

    known: Known
    leaks: Leaks
    skipped: tuple[Skipped, ...] = ()
    """What it cannot know."""
    exit_code: int = 0
    """9 or 10 where what was opened to know it did not end well."""


def give(job: Job, ttl_seconds: int) -> str:
    """The text for the following job; its key is at the store for `ttl_seconds`.

    Raises `OutputRefusedError` for more values than can be passed on; `RefusedError`.
    """
    name, session = next(iter(job.sessions.items()))
    key = secrets.token_hex(32)
    payload = {
        "known": {name: base64.b64encode(it.reveal()).decode() for name, it in job.known().items()},
        "asked": sorted(entry.name for entry in job.credentials),
        "leaks": asdict(job.config.leaks),
    }
    sealed = seal.pack(job.run, _material(Secret(key)), payload)
    store = job.config.stores[name]
    clear = {
        "version": _VERSION,
        "url": store.url,
        "namespace": store.namespace,
        "token": session.wrap(key, ttl_seconds).text(),
        "sealed": base64.b64encode(sealed).decode(),
    }
    text = base64.b64encode(json.dumps(clear).encode()).decode()
    if len(text) > MAX_BYTES:
        raise OutputRefusedError(
            f"The values are too large to be handed over: {len(text) >> 10} KiB when sealed.",
            cause=f"At most {MAX_BYTES >> 10} KiB fit.",
            fix="Leave --hand-over out, and give large values to one command by `ci-secrets exec`.",
        )
    return text


def take(text: str, run: Run, ca_file: Path | None, environment: Mapping[str, str]) -> Taken:
    """What `give` gave. Works once.

    Raises `UsageError` for what is no such text or of another run; `RefusedError` where the key was
    taken before, `UnreachableError`, `NotClosedError`.
    """
    clear = _read(text)
    store = StoreConfig(
        name="vault",
        url=clear["url"],
        namespace=clear["namespace"],
        ca_file=ca_file,
        origin="workflow",
    )
    check_stores(Config(origin="workflow", stores={store.name: store}), environment)
    key = stores.open_store(store, environment).unwrap(Secret(clear["token"]))
    of, payload = seal.unpack(base64.b64decode(clear["sealed"]), _material(Secret(key)))
    if (of.platform, of.run, of.attempt) != (run.platform, run.run, run.attempt):
        raise RefusedError(
            "What was handed over is of another run.",
            cause="Somebody put it in place of this run's, or only this job was run again.",
            fix="Run all jobs again, not the failed ones alone.",
        )
    return Taken(
        known=Known(
            {name: Secret(base64.b64decode(it)) for name, it in payload["known"].items()},
            frozenset(payload["asked"]),
        ),
        leaks=Leaks(**payload["leaks"]),
    )


def _material(key: Secret) -> StateKey:
    return StateKey(material=key, came_from="the store")


def _read(text: str) -> dict[str, Any]:
    try:
        clear = json.loads(base64.b64decode(text.strip(), validate=True))
        whole = clear["version"] == _VERSION and all(
            isinstance(clear[name], str) for name in ("url", "token", "sealed")
        )
        base64.b64decode(clear["sealed"], validate=True)
    except (ValueError, LookupError, TypeError, RecursionError, binascii.Error):
        whole, clear = False, {}
    if not (whole and isinstance(clear.get("namespace", 0), str | None)):
        raise UsageError(
            "There is nothing handed over by an `exchange` of this run.",
            cause="It ran without --hand-over, it failed, or its output is not passed on.",
            fix="jobs:\n  deploy:\n    outputs:\n"
            "      hand-over: ${{ steps.secrets.outputs.hand-over }}",
        )
    return dict(clear)
