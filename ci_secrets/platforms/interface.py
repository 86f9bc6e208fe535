"""What ci-secrets asks of a CI system. One file beside this one per system, `generic` for none."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from ci_secrets.secret import Secret
from ci_secrets.text import foreign

Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityOptions:
    """What the command line says about who we are; `None`: as the platform has it."""

    id_token_env: str | None = None
    """The variable that holds the JWT."""
    id_token_file: Path | None = None
    """The file that holds the JWT; read again at every use, for Kubernetes renews it."""
    run_id: str | None = None
    """Name of this run, where no CI gives one; on Jenkins, of one block of the build."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Which run of which job this is. Not secret; foreign text, so shown through `foreign()`."""

    platform: str
    run: str
    """The CI's id of the run or pipeline; empty where there is none (generic without --run-id)."""
    attempt: str = ""
    job: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdToken:
    """A JWT of this job. Its claims are decoded, not verified: the store verifies."""

    token: Secret
    claims: Mapping[str, object]
    came_from: str
    """For people: `GitHub's token endpoint`, `$VAULT_ID_TOKEN`, `file /var/run/…/token`."""
    shown: tuple[str, ...] = ()
    """The platform's allow-list: names of claims that may be printed and put in the trail."""

    def shown_claims(self) -> dict[str, str]:
        """The allow-listed claims that the JWT has, fit to be printed; not verified by us.

        Lists become one line, and times of day are UTC (`2026-01-31T12:00:00Z`).
        """
        found = ((name, self.claims[name]) for name in self.shown if name in self.claims)
        return {name: foreign(_plain(name, value)) for name, value in found}

    @property
    def expires_at(self) -> float | None:
        """Unix seconds, as the `exp` claim says; `None` where there is none."""
        expiry = self.claims.get("exp")
        return float(expiry) if isinstance(expiry, int | float) else None


def _plain(name: str, value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name in ("exp", "iat", "nbf") and isinstance(value, int | float):
        try:
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value))
        except (OverflowError, ValueError, OSError):
            pass  # beyond any calendar: shown as the number that it is
    return value


@dataclass(frozen=True, kw_only=True, slots=True)
class StateKey:
    """What the key of the sealed state is derived from."""

    material: Secret
    came_from: str
    """`$CI_SECRETS_STATE_KEY`, `$CI_JOB_TOKEN`, `key file /dev/shm/…`."""
    weaker: bool = False
    """The key lies in a file that this user can read; said to the user once."""
    file: Path | None = None
    """The key file, to be deleted with the state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandFiles:
    """Files through which a step talks to its runner; `None` where the CI has none such."""

    summary: Path | None = None
    """Redacted after CMD."""
    handed_on: Mapping[str, Path] | None = None
    """Variable name → file: GITHUB_OUTPUT, _ENV, _STATE and _PATH; scanned and reported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnLog:
    """A job's log as the CI shows it: masked; of a job that runs, the last lines are under way."""

    source: str
    """For people: `GitLab's copy of the log`, `log of the job deploy`."""
    states: tuple[Literal["masked-view", "tail-missing"], ...]
    """What it lacks, as coverage states."""
    log: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class JobLog:
    """The log of another job of this run, to be asked for."""

    source: str
    """For people: `log of the job deploy`."""
    read: Callable[[], OwnLog] | None
    """`None`: the job is not over.

    Raises `RefusedError` or `UnreachableError` where the log cannot be had.
    """


class Platform(Protocol):
    """A CI system. Methods that do not apply do nothing, unless they say that they refuse."""

    name: ClassVar[str]
    takes_masks: ClassVar[bool]
    """Whether `mask_lines`, once printed, hide values from then on."""
    takes_outputs: ClassVar[bool]
    """Whether `write_outputs` works; else `exchange` wants `--env-file`."""

    reads_logs: ClassVar[bool]
    """Whether `job_logs` works: a job can read the logs of others that are over."""

    @property
    def mints(self) -> bool:
        """Whether a fresh ID token can be had at any time during the job."""

    def run(self) -> Run:
        """Which run this is."""

    def untrusted_event(self) -> str | None:
        """Why the repository's content must not be trusted (`pull_request_target from a fork`)."""

    def too_much(self, read: Callable[[Path], object]) -> str | None:
        """What the pipeline's own file grants that the job does not need, and what to write.

        `read` gives the JSON types of a YAML file, or raises `ConfigError`.
        """

    def id_token(self, audience: str) -> IdToken:
        """The job's JWT for one audience.

        Raises `IdentityError` (missing permission, fork, wrong audience, expired: each says what
        to change, with the YAML) or `UnreachableError`.
        """

    def identity_variables(self) -> frozenset[str]:
        """Variables that the identity (and the state's key) is read from; CMD loses them.

        After `id_token`: also those that were found by looking for them.
        """

    def own_credentials(self) -> Mapping[str, Secret]:
        """Values in our environment that give identity, by what they are; always needles."""

    def workspace(self) -> Path:
        """Where the repository is checked out: there is its ci-secrets.yaml."""

    def state_directory(self) -> Path:
        """Where sealed states of jobs on this machine lie; not yet created."""

    def state_key(self, run: Run, *, directory: Path, create: bool) -> StateKey:
        """The material of the key for a run's state below `directory`, which never holds it too.

        `run` is that of the state, whose name the end may not have been told. `create` makes the
        key file where there is no better source. Raises `NotClosedError` when it must exist and
        does not.
        """

    def mask_lines(self, values: Iterable[bytes]) -> list[bytes]:
        """Lines that, once printed, mask these values; empty where `takes_masks` is false.

        Buildkite's agent is told on the spot, and nothing is left to print. Raises
        `OutputRefusedError` where it cannot be told.

        The runner reads both streams. They go to stderr, which reaches it from a pipe and from
        `$(…)` too, where stdout does not.
        """

    def write_outputs(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Make step outputs. Raises `OutputRefusedError` where they cannot be written whole."""

    def export_variables(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Set variables for the job's later steps. Raises `OutputRefusedError`."""

    def write_summary(self, markdown: str) -> None:
        """Append to the job's summary page, where there is one.

        Raises `OutputRefusedError`, which says all in one sentence, where that takes it not whole.
        """

    def mask_request(self, line: bytes) -> bytes | None:
        """The value that a line of CMD's output asks the runner to mask (`::add-mask::V`).

        The first one, where carriage returns make several lines of it for the runner.
        """

    def annotate(self, level: Level, message: str) -> str | None:
        """The line that makes an annotation of a message (already foreign-safe), or `None`."""

    def command_files(self) -> CommandFiles:
        """The runner's files of this step."""

    def own_log(self) -> OwnLog | None:
        """The job's own log so far, where it can be read from inside; `None` where it cannot.

        Raises `RefusedError` or `UnreachableError` where it should have been possible.
        """

    def job_logs(self) -> Sequence[JobLog]:
        """The logs of this run's other jobs that began, none of them read yet.

        Raises `UsageError` where there is no way to them, `RefusedError` or `UnreachableError`.
        """
