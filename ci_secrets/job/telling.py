"""What a run says and records while it opens: of its logins, its values, its leases."""

from collections.abc import Iterable, Mapping, Sequence

from ci_secrets.audit import Trail
from ci_secrets.console import Console
from ci_secrets.response.closings import AGAIN, details, headline, moment
from ci_secrets.response.outcome import Ended
from ci_secrets.secret import Credential, Lease
from ci_secrets.stores.interface import Notice, Session
from ci_secrets.text import foreign, some

_NAMED = 20
"""Names in one line; the trail has them all."""


def login(trail: Trail, console: Console, name: str, role: str | None, session: Session) -> None:
    """A login: its token's life and policies."""
    token = session.first_token
    trail.append(
        "login",
        store=name,
        accessor=token.accessor,
        kind=token.kind,
        ttl=token.ttl_seconds,
        policies=list(token.policies),
    )
    console.say(
        f"logged in to {foreign(name)}"
        + (f" as {foreign(role)}" if role else "")
        + f": a {token.kind} token "
        + (f"until {moment(token.expires_at)}" if token.ttl_seconds else "without end")
    )
    notices(console, session.notices)


def fetch(
    trail: Trail, store: str, credentials: Iterable[Credential], leases: Iterable[Lease]
) -> None:
    """What was read at one store, and the leases that it came with."""
    for entry in credentials:
        trail.append(
            "fetch",
            store=store,
            secret=entry.name,
            source=entry.source,
            lease=entry.lease_id,
            fingerprint=trail.fingerprint(entry.value),
        )
    for lease in leases:
        trail.append(
            "lease",
            store=store,
            lease=lease.lease_id,
            ttl=lease.ttl_seconds,
            expires=moment(lease.expires_at),
        )


def values(
    console: Console, credentials: Sequence[Credential], sessions: Mapping[str, Session]
) -> None:
    """The names of the values, and when the first lease ends."""
    if not credentials:
        return
    names = some((foreign(entry.name) for entry in credentials), _NAMED)
    ends = [lease.expires_at for session in sessions.values() for lease in session.leases()]
    plural = "s" if len(credentials) > 1 else ""
    console.say(f"{len(credentials):,} secret{plural}: {names}{_leased(ends)}")


def _leased(ends: Sequence[float]) -> str:
    if not ends:
        return ""
    first, last = moment(min(ends)), moment(max(ends))
    return f" · {len(ends)} leased until {first}" + (f" to {last}" if first != last else "")


def abandoned(console: Console, ended: Ended, *, kept: bool) -> None:
    """What became of the credentials of an opening that failed."""
    for sentence in (*ended.stuck, *ended.unrecorded):
        console.say(sentence, "bad")
    if not ended.closings:
        return
    console.say(f"gave up · {headline(ended.closings)}")
    for line in details(ended.closings):
        console.detail(line, "warn")
    if kept and not ended.closed:
        console.say(AGAIN, "warn")


def notices(console: Console, said: Iterable[Notice]) -> None:
    """Pass on what a store wants the user to know."""
    for notice in said:
        if notice.level == "warning":
            console.warn(notice.text)
        else:
            console.detail(notice.text)
