"""How the ends of tokens and leases are told: a line for the log, and what an operator must do."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from ci_secrets.audit import Trail
from ci_secrets.errors import AuditBrokenError
from ci_secrets.leaks.formats import Ending
from ci_secrets.stores.interface import Closing, Outcome
from ci_secrets.text import foreign

AGAIN: Final = "the state is kept: `ci-secrets finish` in this job tries again"
"""Said where a token is left: without one there is nothing to end a lease with."""


def all_closed(closings: Sequence[Closing], *, require_proof: bool) -> bool:
    """Whether the run may be called closed; with `require_proof`, only what was seen counts."""
    return all(
        entry.outcome.proven if require_proof else entry.outcome.closed for entry in closings
    )


def headline(closings: Sequence[Closing]) -> str:
    """`revoked 1 token and 2 leases, proven`, or what it came to instead."""
    if not closings:
        return "nothing to revoke"
    parts = []
    for outcome in Outcome:
        of_outcome = [entry for entry in closings if entry.outcome is outcome]
        if of_outcome:
            parts.append(f"{_SAID[outcome]}: {_counted(of_outcome)}")
    return " · ".join(parts)


def details(closings: Sequence[Closing]) -> list[str]:
    """For each end that is not proven: what, why, until when, and the command or policy."""
    lines = []
    for entry in closings:
        if entry.outcome.proven:
            continue
        lines.append(
            f"{entry.kind} {foreign(entry.id)} at {foreign(entry.store)}: {entry.outcome.value}."
            + (f" {entry.detail}" if entry.detail else "")
            + (f" It may live until {moment(entry.expires_at)}." if _may_live(entry) else "")
        )
        if entry.command and not entry.outcome.closed:
            lines.append(f"  an operator ends it with: {entry.command}")
        lines += [f"  {line}" for line in entry.policy.splitlines()]
    return lines


def endings(closings: Sequence[Closing]) -> tuple[Ending, ...]:
    """The same for a report in any format."""
    return tuple(
        Ending(
            what=f"{entry.kind} {entry.id} at {entry.store}",
            outcome=entry.outcome.value,
            closed=entry.outcome.closed,
            proven=entry.outcome.proven,
            note=" ".join(_notes(entry)),
        )
        for entry in closings
    )


def _notes(entry: Closing) -> Iterator[str]:
    if entry.outcome.proven:
        return
    if entry.detail:
        yield entry.detail
    if _may_live(entry):
        yield f"It may live until {moment(entry.expires_at)}."
    if entry.command and not entry.outcome.closed:
        yield f"An operator ends it with: {entry.command}"


def record(
    trail: Trail, closings: Sequence[Closing], *, closed: bool, **facts: object
) -> tuple[str, tuple[str, ...]]:
    """The last lines of this process in the trail: the head as it is printed, and what failed.

    A run that is left open is not `closed` in its trail either: a later `finish` goes on with it.
    Never raises: by now the credentials are gone, and that is to be said whatever the trail does.
    """
    try:
        for entry in closings:
            trail.append(
                "close",
                store=entry.store,
                kind=entry.kind,
                id=entry.id,
                outcome=entry.outcome.value,
                detail=entry.detail,
            )
        if closed:
            return trail.close(**facts).printed, ()
        trail.append("left-open", **facts)
    except AuditBrokenError as failure:
        return "", (f"The end of this run is not in the audit trail: {failure.what}",)
    return "", ()


def moment(unix_seconds: float | None) -> str:
    """`2026-01-31 12:04:10 UTC`."""
    if unix_seconds is None:
        return "an unknown time"
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "a time beyond any calendar"


def _may_live(entry: Closing) -> bool:
    return entry.expires_at is not None and entry.outcome is not Outcome.QUEUED


def _counted(closings: Sequence[Closing]) -> str:
    counts = []
    for kind in ("token", "lease"):
        number = sum(entry.kind == kind for entry in closings)
        if number:
            counts.append(f"{number} {kind}{'s' if number > 1 else ''}")
    return " and ".join(counts)


_SAID = {
    Outcome.REVOKED: "revoked, proven",
    Outcome.GONE: "already gone",
    Outcome.UNPROVEN: "revoked, UNPROVEN",
    Outcome.QUEUED: "queued, not seen",
    Outcome.UNKNOWN: "not known",
    Outcome.EXPIRES: "CANNOT BE REVOKED",
    Outcome.REFUSED: "REFUSED",
    Outcome.FAILED: "FAILED, STILL ALIVE",
    Outcome.UNREACHABLE: "NOT REACHED",
}
