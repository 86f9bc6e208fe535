"""From identity to values: log in everywhere, fetch everything, or leave nothing behind."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ci_secrets import audit, platforms, stores
from ci_secrets.config import load, yaml
from ci_secrets.config.model import Config
from ci_secrets.config.names import check_distinct
from ci_secrets.config.wording import NAME
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError
from ci_secrets.job import places, state, telling
from ci_secrets.job.keeper import Keeper
from ci_secrets.job.signals import Interrupted, Stops
from ci_secrets.paths import absolute
from ci_secrets.platforms.interface import IdentityOptions, Platform, Run
from ci_secrets.secret import Credential, Secret
from ci_secrets.stores.interface import CloseReason, Closing, Mint, Notice, Session, Store
from ci_secrets.text import foreign

_SETTLE_SECONDS = 5.0
"""How long an interrupted opening waits for logins that are under way, to revoke them too."""
LOGIN_LOST: Final = (
    "The answer to a login was not waited for: if the store made a token, nobody knows it, and it "
    "ends by the role's TTL."
)
_STRANGERS = (
    "This run is on {}: what it checks out, builds or tests may be a stranger's, who then has "
    "these secrets. Let no step of this job run code of the pull request."
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the command line and the environment ask of a run."""

    platform: str | None = None
    config: load.Options | Config = dataclasses.field(default_factory=load.Options)
    """How to find the configuration; or the configuration, checked and with the floors applied."""
    identity: IdentityOptions = dataclasses.field(default_factory=IdentityOptions)
    state_dir: Path | None = None
    audit_file: Path | None = None
    require_proof: bool = False
    heartbeat_ttl: int | None = None
    """Seconds that tokens outlive a kill -9, kept up meanwhile by whoever stays (`exec`). `None`:
    nobody stays, so they have their own TTL, and the sealed state is what `finish` depends on."""


class Job:
    """A run that is being opened or is open. `with job.opened(): …` closes it on any failure."""

    def __init__(self, wanted: Wanted, environment: Mapping[str, str], console: Console) -> None:
        self.wanted = wanted
        self.environment = environment
        self.console = console
        self.platform: Platform = platforms.detect(environment, wanted.platform, wanted.identity)
        console.annotate = self.platform.annotate
        self.run: Run = state.named(self.platform.run())
        self.untrusted = self.platform.untrusted_event()
        self.config: Config = self._read_config()
        if self.untrusted:
            console.warn(_STRANGERS.format(foreign(self.untrusted)))
        if granted := self.platform.too_much(lambda path: yaml.read(path).plain()):
            console.warn(granted)
        self.trail = audit.Trail.open(
            self.config.audit.file,
            self.run,
            key=state.audit_key(environment),
            required=self.config.audit.required,
        )
        self.logins = {it.store for it in self.config.secrets} or set(self.config.stores)
        """Stores that we log in to and have no answer of yet; they stand in the sealed state."""
        self.sessions: dict[str, Session] = {}
        self.credentials: list[Credential] = []
        self.own: dict[str, Secret] = dict(self.platform.own_credentials())
        self.files: list[Path] = []
        self.sealed: state.Sealed | None = None
        self.keeper: Keeper | None = None
        self.learners: list[Callable[[Mapping[str, Secret]], None]] = []
        """Who wants to know of values that come later: the redactors."""
        self._logins: list[Future[None]] = []
        self.stops = Stops()
        self.over = False
        """Whether `closing.end` is through: nothing that fails later can undo it."""
        self._lock = threading.Lock()

    def _read_config(self) -> Config:
        config = self.wanted.config
        if isinstance(config, load.Options):
            config = load.resolve(
                config,
                self.environment,
                default_path=self.platform.workspace() / NAME,
                untrusted=self.untrusted,
            )
        file = self.wanted.audit_file or config.audit.file
        if file is None:
            return config
        # NOTE: whoever closes the run may do it from another directory.
        trail = dataclasses.replace(config.audit, file=absolute(file))
        return dataclasses.replace(config, audit=trail)

    @contextmanager
    def opened(self, meanwhile: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Open the run; whatever goes wrong inside, everything that was minted is revoked.

        `meanwhile` is called while the stores are asked for a login.
        """
        with self.stops.interrupting():
            try:
                self.sealed = state.begin(self)
                self._log_in(meanwhile)
                self._keep()
                self._fetch()
                self.seal()
                yield
            except BaseException as failure:
                if not self.over:
                    self._abandon(failure)
                raise

    def mint(self, audience: str) -> Secret:
        """A JWT for one audience; a needle from now on, and a line in the trail."""
        token = self.platform.id_token(audience)
        with self._lock:  # another store's login may be sealing them
            self.own[f"JWT for {audience}"] = token.token
        if self.config.audit.file:
            self.trail.append("identity", audience=audience, claims=token.shown_claims())
        return token.token

    @property
    def remint(self) -> Mint | None:
        """`mint`, where the platform can give another JWT during the job."""
        return self.mint if self.platform.mints else None

    def known(self) -> dict[str, Secret]:
        """Every value that must not be seen: what was fetched, and our own credentials."""
        values = {entry.name: entry.value for entry in self.credentials}
        for name, session in self.sessions.items():
            values |= {f"{what} of {name}": it for what, it in session.own_credentials().items()}
        return values | self.own

    @property
    def directory(self) -> Path:
        """The run's own private directory; a temporary one where nothing could be sealed."""
        if self.sealed is not None:
            return self.sealed.directory
        import tempfile

        return places.directory(Path(tempfile.gettempdir()), self.run)

    def seal(self) -> None:
        """Write down, encrypted, what the end of the job will need."""
        if self.sealed is not None:
            self.sealed.write(self)

    def _log_in(self, meanwhile: Callable[[], object]) -> None:
        opened = {
            name: stores.open_store(self.config.stores[name], self.environment)
            for name in sorted(self.logins)
        }
        pool = ThreadPoolExecutor(max_workers=max(1, len(opened)))
        self._logins = [pool.submit(self._log_in_at, name, it) for name, it in opened.items()]
        pool.shutdown(wait=False)
        meanwhile()
        wait(self._logins)
        for login in self._logins:
            login.result()

    def _keep(self) -> None:
        """Beside the fetch, so that lowering the TTL costs no round trip of its own."""
        if self.wanted.heartbeat_ttl is not None:
            self.keeper = Keeper(self.sessions, self.wanted.heartbeat_ttl, self)
            self.keeper.start()

    def learn(self, values: Mapping[str, Secret]) -> None:
        """Values that were minted just now: needles first, then into the sealed state."""
        for learner in self.learners:
            learner(values)
        try:
            with self._lock:
                self.seal()
        except CiSecretsError as failure:
            self.console.warn(f"A later `finish` would not know the newest token: {failure.what}")

    def _log_in_at(self, name: str, store: Store) -> None:
        try:
            session = store.login(self.mint)
        except BaseException:
            self.logins.discard(name)
            raise
        with self._lock:  # no state is written that has neither
            self.logins.discard(name)
            self.sessions[name] = session
            self.seal()

    def _fetch(self) -> None:
        wanted = {
            name: [request for request in self.config.secrets if request.store == name]
            for name in self.sessions
        }
        pool = ThreadPoolExecutor(max_workers=max(1, len(wanted)))
        fetches = {
            name: pool.submit(session.fetch, wanted[name])
            for name, session in self.sessions.items()
        }
        pool.shutdown(wait=False)
        # NOTE: what is said of a login waits for a look-up, which runs beside the fetch.
        for name, session in self.sessions.items():
            role = self.config.stores[name].auth.role
            telling.login(self.trail, self.console, name, role, session)
        for name, fetch in fetches.items():
            fetched = fetch.result()
            self.credentials += fetched.credentials
            leases = self.sessions[name].leases()
            telling.fetch(self.trail, name, fetched.credentials, leases)
            self.tell(fetched.notices)
        self._render_templates()
        check_distinct((entry.name, entry.source) for entry in self.credentials)
        telling.values(self.console, self.credentials, self.sessions)

    def _render_templates(self) -> None:
        if not self.config.templates:
            return
        from ci_secrets.delivery.template import render

        values = {entry.name: entry.value for entry in self.credentials}
        self.credentials += [
            Credential(
                name=template.name,
                value=render(template.name, template.text, values),
                source="template",
                deliver=template.deliver,
                mode=template.mode,
            )
            for template in self.config.templates
        ]

    def tell(self, notices: Sequence[Notice]) -> None:
        """Pass on what a store wants the user to know."""
        telling.notices(self.console, notices)

    def close(self, reason: CloseReason, exposed: Sequence[str] = ()) -> list[Closing]:
        """End every session, all at once; again for what is not closed."""
        return close_all(self.sessions, reason, exposed)

    def _abandon(self, failure: BaseException) -> None:
        """Undo an opening that failed; never raises over the failure that it is for."""
        from ci_secrets.job.closing import end

        interrupted = isinstance(failure, Interrupted)
        if interrupted:
            self.close("signal")  # before anything is waited for
        if wait(self._logins, timeout=_SETTLE_SECONDS).not_done:
            self.console.warn(LOGIN_LOST)
        facts = {"outcome": "abandoned", "failure": type(failure).__name__}
        ended = end(self, (), interrupted=interrupted, facts=facts)
        telling.abandoned(self.console, ended, kept=self.sealed is not None)


def close_all(
    sessions: Mapping[str, Session], reason: CloseReason, exposed: Sequence[str] = ()
) -> list[Closing]:
    """End these sessions; several side by side, so that a store that hangs holds up no other."""
    open_now = list(sessions.values())
    if len(open_now) <= 1:
        return [entry for session in open_now for entry in session.close(reason, exposed)]
    with ThreadPoolExecutor(max_workers=len(open_now)) as pool:
        ends = pool.map(lambda session: session.close(reason, exposed), open_now)
        return [entry for end in ends for entry in end]
