"""What every CI system has in common; each overrides what it can do better."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from ci_secrets.errors import ConfigError, IdentityError, OutputRefusedError, UsageError
from ci_secrets.platforms import given, jwt, keyfile
from ci_secrets.platforms.interface import (
    CommandFiles,
    IdentityOptions,
    IdToken,
    JobLog,
    Level,
    OwnLog,
    Run,
    StateKey,
)
from ci_secrets.secret import Secret

if TYPE_CHECKING:
    from ci_secrets.http import Http

TOKEN = "CI_SECRETS_ID_TOKEN"  # noqa: S105  # a name, not a token
"""The variable that a JWT is looked for in where the user names none."""
TOKEN_FILE = "CI_SECRETS_ID_TOKEN_FILE"  # noqa: S105
_WITHIN = (
    "Or this runs within `ci-secrets exec` or `activate`, which keep the identity to themselves "
    "unless they are given --keep-identity."
)


class Base:
    """A CI system whose runner takes no commands. Reads `environment` only, never os.environ."""

    name: ClassVar[str]
    shown: ClassVar[tuple[str, ...]]
    """The claims that may be shown: they say which job this is, and no person's address."""
    takes_masks: ClassVar[bool] = False
    takes_outputs: ClassVar[bool] = False
    reads_logs: ClassVar[bool] = False

    def __init__(
        self,
        environment: Mapping[str, str],
        options: IdentityOptions | None = None,
        http: "Http | None" = None,
    ) -> None:
        self._environment = environment
        self._options = options or IdentityOptions()
        self._given_http = http

    def run(self) -> Run:
        """Each system names its runs in its own variables."""
        raise NotImplementedError

    def workspace(self) -> Path:
        """The working directory, which the job starts in."""
        return Path()

    def state_directory(self) -> Path:
        """Below `$XDG_STATE_HOME`, else `~/.local/state`. Raises `ConfigError` without a home.

        Where the system has a place of its own that lasts until the job's end, it is that.
        """
        for name, below in (("XDG_STATE_HOME", ""), ("HOME", ".local/state")):
            # Source: XDG Base Directory Specification: a path that is not absolute is ignored.
            if self._get(name).startswith("/"):
                return Path(self._get(name), below, "ci-secrets")
        raise ConfigError(
            "There is no place for the sealed state: neither XDG_STATE_HOME nor HOME is set.",
            fix="Name a directory: --state-dir DIR.",
        )

    def id_token(self, audience: str) -> IdToken:
        """The JWT that the user named, else the system's own way to one."""
        try:
            token, place = self._named_token() or self._own_token(audience)
        except IdentityError as failure:
            if any(map(self._get, self.identity_variables())):
                raise
            cause = f"{failure.cause} {_WITHIN}"  # NOTE: there it would look like this
            raise IdentityError(failure.what, cause=cause, fix=failure.fix) from None
        return jwt.read(
            token, audience, came_from=place, shown=self.shown, advice=self._advice(audience)
        )

    def _named_token(self) -> tuple[Secret, str] | None:
        variable, path = self._options.id_token_env, self._options.id_token_file
        if variable and path:
            raise UsageError(
                "Both a variable and a file are named for the ID token.",
                fix="Give --id-token-env or --id-token-file, not both.",
            )
        if path:
            return given.from_file(path)
        return given.from_variable(self._environment, variable) if variable else None

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        raise NotImplementedError

    def _advice(self, audience: str) -> jwt.Advice:
        raise NotImplementedError

    @property
    def mints(self) -> bool:
        """Whether there is a file, which its owner renews; a variable never changes."""
        return self._options.id_token_file is not None

    def too_much(self, read: Callable[[Path], object]) -> str | None:
        """Most systems grant nothing in a file."""
        return None

    def untrusted_event(self) -> str | None:
        """Nobody else's content, as far as this system can know."""
        return None

    def identity_variables(self) -> frozenset[str]:
        """What the user named, our own names, and the state's key."""
        named = self._options.id_token_env
        return frozenset({keyfile.VARIABLE, TOKEN, TOKEN_FILE} | ({named} if named else set()))

    def own_credentials(self) -> Mapping[str, Secret]:
        """Whatever stands in those variables and is not the path of a file."""
        names = sorted(self.identity_variables() - {TOKEN_FILE})
        return {f"${name}": Secret(self._environment[name]) for name in names if self._get(name)}

    def state_key(self, run: Run, *, directory: Path, create: bool) -> StateKey:
        """`CI_SECRETS_STATE_KEY`, else a key file in another directory than the state."""
        return keyfile.state_key(self._environment, run, directory, create=create)

    def mask_lines(self, values: Iterable[bytes]) -> list[bytes]:
        """No masks."""
        return []

    def write_outputs(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Refused: there are none."""
        raise OutputRefusedError(
            f"Steps have no outputs on {self.name}.",
            fix="Give --env-file FILE (0600, to source), or run the command by `ci-secrets exec`.",
        )

    def export_variables(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Refused for the same reason."""
        self.write_outputs(values)

    def write_summary(self, markdown: str) -> None:
        """No summary page."""

    def mask_request(self, line: bytes) -> bytes | None:
        """The runner knows no such request."""
        return None

    def annotate(self, level: Level, message: str) -> str | None:
        """No annotations."""
        return None

    def command_files(self) -> CommandFiles:
        """No files."""
        return CommandFiles()

    def own_log(self) -> OwnLog | None:
        """Cannot be read from inside."""
        return None

    def job_logs(self) -> Sequence[JobLog]:
        """No way to them from a job."""
        raise UsageError(
            f"On {self.name} the logs of other jobs cannot be read.",
            fix="Scan a file: ci-secrets scan --known FILE LOG",
        )

    def _get(self, name: str) -> str:
        return self._environment.get(name, "")

    def _need(self, name: str) -> str:
        """A variable that this CI always sets. Raises `ConfigError` where it is missing."""
        value = self._get(name)
        if value:
            return value
        raise ConfigError(
            f"{name} is not set, so this cannot be a job of {self.name}.",
            fix="Name the CI by --platform (see `ci-secrets exec --help`), or the directory by "
            "--state-dir.",
        )

    @property
    def _http(self) -> "Http":
        if self._given_http is None:
            from ci_secrets.http import Http

            self._given_http = Http()
        return self._given_http


def keeps_tokens_safe(url: str) -> bool:
    """Whether a token may go to this URL: https, or plain http that never leaves the machine."""
    import ipaddress

    try:
        parsed = urlsplit(url)
        host = parsed.hostname or ""
        if parsed.scheme != "http":
            return parsed.scheme == "https" and bool(host)
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
