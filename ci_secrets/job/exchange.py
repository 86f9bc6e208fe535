"""`exchange`: masks first, then outputs or a file to source; the state is sealed for `finish`."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ci_secrets import disk
from ci_secrets.config.names import check_distinct
from ci_secrets.console import Console
from ci_secrets.delivery import dotenv, sourced
from ci_secrets.delivery.environment import check_deliverable
from ci_secrets.delivery.files import refuse_existing
from ci_secrets.errors import CiSecretsError, OutputRefusedError
from ci_secrets.job.files import secret_files
from ci_secrets.job.handover import give
from ci_secrets.job.opening import Job, Wanted
from ci_secrets.leaks.masks import Unmasked, masks_of
from ci_secrets.paths import absolute, look
from ci_secrets.platforms import speak
from ci_secrets.secret import Credential, Secret
from ci_secrets.stores.interface import Session
from ci_secrets.text import foreign, inert_json

Pairs = Sequence[tuple[str, Secret]]
_TOKEN_OUTPUT = "vault_token"  # noqa: S105  # a name
_EVERYBODYS = (
    "all later steps of the job have these values as variables, third-party actions too: better "
    "give outputs to the steps that need them"
)
_ONE_COMMAND = "Give it to one command by `ci-secrets exec`, or let it be a file."
_LONGER = "Take a longer one, or let it be a file."


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """Where the values go, besides the CI's own outputs."""

    env_file: Path | None = None
    dotenv: Path | None = None
    export_env: bool = False
    export_token: bool = False
    """The store's token too, as VAULT_TOKEN."""
    output_token: bool = False
    """The store's token too, as the output `vault_token`."""
    hand_over: int | None = None
    """Seconds within which a following job may take over what to look for."""
    report: Path | None = None


def exchange(
    wanted: Wanted, handover: Handover, environment: Mapping[str, str], console: Console
) -> int:
    """Open a run and hand its values to the job; `finish` closes it."""
    job = Job(wanted, environment, console)
    _check_sinks(job, handover)
    with job.opened():
        check_deliverable(job.credentials)
        _check_outputs(job, handover)
        variables, outputs = _pairs(job)
        with _all_or_nothing(job, handover):
            _mask(job)
            _deliver(job, handover, variables, outputs)
            job.seal()
            if handover.report:
                _report(job, handover.report)
    return 0


def _check_sinks(job: Job, handover: Handover) -> None:
    """Refuse, before anything is minted, what could not be delivered."""
    if not job.platform.takes_outputs and not (handover.env_file or handover.dotenv):
        raise OutputRefusedError(
            f"On {job.platform.name} there are no step outputs, so the values have nowhere to go.",
            fix="Name a file to source: ci-secrets exchange --env-file secrets.env, then\n"
            ". ./secrets.env   # in the same job\n"
            "or give them to one command only: ci-secrets exec -- COMMAND",
        )
    if handover.export_env and not job.platform.takes_outputs:
        raise OutputRefusedError(
            f"On {job.platform.name} no step can set variables for later ones.",
            fix="Leave out --export-env, and source the file of --env-file in each step.",
        )
    if handover.hand_over and not (job.platform.takes_outputs and job.platform.reads_logs):
        raise OutputRefusedError(
            f"On {job.platform.name} there is no `verify` that could take over.",
            fix="Leave out --hand-over; `ci-secrets exec` sees all that its command prints"
            + (
                ", and `ci-secrets verify --mode refetch` fetches for itself."
                if job.platform.reads_logs
                else "."
            ),
        )
    for path in (handover.env_file, handover.dotenv):
        if path is None:
            continue
        if look(path, follow=False).kind == "link":
            raise OutputRefusedError(
                f"{foreign(path)} is a symlink.", fix="Name a file that does not exist yet."
            )
        absolute(path)
        refuse_existing(path)  # NOTE: or the end of the run would delete what is not ours


def _check_outputs(job: Job, handover: Handover) -> None:
    """Refuse, before anything is written, two outputs of which one would replace the other."""
    if job.platform.takes_outputs:
        delivered = [entry for entry in job.credentials if entry.deliver != "none"]
        named = [(entry.output_name or entry.name, entry.source) for entry in delivered]
        if handover.output_token or handover.export_token:
            named.append((_TOKEN_OUTPUT, "the store's token"))
        check_distinct(named, ignore_case=True)


def _pairs(job: Job) -> tuple[Pairs, Pairs]:
    """What is delivered, under the names of variables and under those of outputs."""
    paths = secret_files(job)
    delivered = [
        (it, it.value if it.deliver == "value" else Secret(str(paths[it.name])))
        for it in job.credentials
        if it.deliver != "none"
    ]
    variables = [(it.name, value) for it, value in delivered]
    return variables, [(it.output_name or it.name, value) for it, value in delivered]


def _mask(job: Job) -> None:
    """Before the first write."""
    if not job.platform.takes_masks:
        return
    masks = masks_of(job.known())
    speak(line + b"\n" for line in job.platform.mask_lines(masks.texts))
    for left in masks.unmasked:
        _tell_unmasked(job, left)


def _tell_unmasked(job: Job, left: Unmasked) -> None:
    state = "masked in part only" if left.partly else "not masked"
    said = f"{foreign(left.secret)} is {state} ({left.reason})"
    rest = "the rest" if left.partly else "it"
    if any(entry.name == left.secret and entry.deliver == "file" for entry in job.credentials):
        job.console.say(f"{said}: whatever prints the file shows {rest}", "dim")
    else:
        advice = _ONE_COMMAND if left.partly else _LONGER
        job.console.warn(f"{said}: {rest} would be shown. {advice}")


@contextlib.contextmanager
def _all_or_nothing(job: Job, handover: Handover) -> Iterator[None]:
    """After a failure or a signal within, no place has a value that only some of them got.

    `--env-file` is not among them: it is a file of the job, deleted at any end.
    """
    places = [*(job.platform.command_files().handed_on or {}).values()]
    if handover.dotenv:
        places.append(handover.dotenv)
    with contextlib.ExitStack() as stack:
        for place in places:
            stack.enter_context(_undone_on_failure(place))
        yield


@contextlib.contextmanager
def _undone_on_failure(path: Path) -> Iterator[None]:
    before = path.lstat().st_size if os.path.lexists(path) else None
    try:
        yield
    except BaseException:  # a signal, too
        if before is not None:
            _cut(path, before)
        elif os.path.lexists(path):
            disk.remove(path)
        raise


def _cut(path: Path, size: int) -> None:
    """Take back what was appended; links and directories got nothing, so they are left alone."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            if os.fstat(descriptor).st_size > size:
                file.truncate(size)


def _deliver(job: Job, handover: Handover, variables: Pairs, outputs: Pairs) -> None:
    if handover.env_file:
        if sourced.in_checkout(handover.env_file):
            job.console.warn(
                f"{foreign(handover.env_file)} lies in a git checkout, where `git add` and "
                "artifacts may take it along: better a place outside."
            )
        job.files.append(absolute(handover.env_file))
        job.seal()
        sourced.write(handover.env_file, variables)
    if handover.dotenv:
        # NOTE: not ours to delete at the end: the CI takes it as an artifact after that.
        job.console.warn(dotenv.WARNING)
        dotenv.write(handover.dotenv, variables)
    if job.platform.takes_outputs:
        token = _token(job) if handover.export_token or handover.output_token else Secret("")
        given = [(_TOKEN_OUTPUT, token)] if handover.output_token else []
        if handover.hand_over:
            given.append(("hand-over", Secret(give(job, handover.hand_over))))
        job.platform.write_outputs([*outputs, *given])
        exported = [(_TOKEN_OUTPUT.upper(), token)] if handover.export_token else []
        if handover.export_env and variables:
            job.console.say(_EVERYBODYS, "warn")
        if handover.export_env or exported:
            job.platform.export_variables([*(variables if handover.export_env else ()), *exported])


def _token(job: Job) -> Secret:
    """The token of the only store."""
    (session,) = job.sessions.values()
    return session.own_credentials()["vault token"]


def _report(job: Job, path: Path) -> None:
    """What was handed out, as JSON without values; where it cannot be written, a warning."""
    report = {
        "version": 1,
        "run": dataclasses.asdict(job.run),
        "secrets": [_secret_as_json(entry) for entry in job.credentials],
        "stores": [_session_as_json(session) for session in job.sessions.values()],
    }
    try:
        disk.write_private(path, f"{inert_json(report, indent=1)}\n".encode(), 0o644)
    except CiSecretsError as failure:
        job.console.warn(f"The report was not written: {failure.what}")


def _secret_as_json(entry: Credential) -> dict[str, Any]:
    return {
        "name": entry.name,
        "output": entry.output_name or entry.name,
        "source": entry.source,
        "deliver": entry.deliver,
        "lease": entry.lease_id,
    }


def _session_as_json(session: Session) -> dict[str, Any]:
    token = session.token
    return {
        "store": session.store,
        "token": {
            "accessor": token.accessor,
            "kind": token.kind,
            "expires-at": token.expires_at if token.ttl_seconds else None,
        },
        "leases": [
            {"id": lease.lease_id, "path": lease.path, "expires-at": lease.expires_at}
            for lease in session.leases()
        ],
    }
