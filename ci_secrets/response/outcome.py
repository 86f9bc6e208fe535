"""The end of a run in one value: verdict, closings, exit code; and its report in JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ci_secrets.config.model import Leaks
from ci_secrets.leaks.findings import Coverage, Finding, Report, Skipped, Verdict
from ci_secrets.response.closings import all_closed
from ci_secrets.stores.interface import Closing

_Entry = TypeVar("_Entry")
_WORST_FIRST = (Verdict.LEAKED, Verdict.CONTAINED, Verdict.CLEAN, Verdict.UNKNOWN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """Everything that is known when a run is over; holds no secret."""

    reports: tuple[Report, ...] = ()
    closings: tuple[Closing, ...] = ()
    leaks: Leaks = field(default_factory=Leaks)
    require_proof: bool = False
    audit_head: str = ""
    child_code: int = 0
    unwritten: bool = False
    """Whether output of CMD is lost because it could not be written."""
    warnings: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    """What could not be deleted though it holds values in clear, a sentence each."""
    unrecorded: tuple[str, ...] = ()
    """What is not in the audit trail though it is required to be, a sentence each."""

    @property
    def verdict(self) -> Verdict:
        """The worst of all reports; `unknown` where nothing was looked at."""
        verdicts = {report.verdict for report in self.reports}
        return next((verdict for verdict in _WORST_FIRST if verdict in verdicts), Verdict.UNKNOWN)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all reports."""
        return tuple(finding for report in self.reports for finding in report.findings)

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """Of all reports."""
        return tuple(entry for report in self.reports for entry in report.coverage)

    @property
    def coverage_told(self) -> tuple[Coverage, ...]:
        """The same for people, who read the beginning: what was not seen whole comes first."""
        return tuple(sorted(self.coverage, key=lambda entry: entry.state == "complete"))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Of all reports, each once."""
        return tuple(dict.fromkeys(entry for report in self.reports for entry in report.skipped))

    @property
    def closed(self) -> bool:
        """Whether nothing is left open."""
        return not self.stuck and all_closed(self.closings, require_proof=self.require_proof)

    @property
    def exit_code(self) -> int:
        """11, then CMD's own code, then 9, then 10, then 8, then 0 (docs/exit-codes.md)."""
        failing = {Verdict.LEAKED: self.leaks.on_leak, Verdict.CONTAINED: self.leaks.on_contained}
        if failing.get(self.verdict) == "fail":
            return 11
        if self.child_code:
            return self.child_code
        if not self.closed:
            return 9
        if self.unrecorded:
            return 10
        return 8 if self.unwritten else 0


def together(ends: Sequence[Ended]) -> Ended:
    """One end for all that a job had open; what several of them saw counts once."""
    return Ended(
        reports=_once(report for ended in ends for report in ended.reports),
        closings=tuple(closing for ended in ends for closing in ended.closings),
        leaks=max(ends, key=lambda ended: ended.exit_code == 11, default=Ended()).leaks,
        require_proof=any(ended.require_proof for ended in ends),
        audit_head=" ".join(ended.audit_head for ended in ends if ended.audit_head),
        child_code=max((ended.child_code for ended in ends), default=0),
        unwritten=any(ended.unwritten for ended in ends),
        warnings=_once(warning for ended in ends for warning in ended.warnings),
        stuck=tuple(sentence for ended in ends for sentence in ended.stuck),
        unrecorded=tuple(sentence for ended in ends for sentence in ended.unrecorded),
    )


def _once(entries: Iterable[_Entry]) -> tuple[_Entry, ...]:
    return tuple(dict.fromkeys(entries))


def as_json(ended: Ended) -> dict[str, Any]:
    """The report of `--report`: what `scan --format json` prints, and the rest of the run."""
    from ci_secrets.leaks.formats.json import finding_as_json

    return {
        "version": 1,
        "verdict": ended.verdict.value,
        "coverage": [{"source": c.source, "state": c.state} for c in ended.coverage],
        "findings": [finding_as_json(finding) for finding in ended.findings],
        "skipped": [{"secret": s.secret, "reason": s.reason} for s in ended.skipped],
        "stats": {
            "bytes": sum(report.bytes for report in ended.reports),
            "lines": sum(report.lines for report in ended.reports),
            "seconds": round(sum(report.seconds for report in ended.reports), 6),
        },
        "closed": [_closing_as_json(closing) for closing in ended.closings],
        "warnings": [*ended.warnings, *ended.stuck, *ended.unrecorded],
        "audit-head": ended.audit_head,
        "exit": {"code": ended.exit_code, "command": ended.child_code, "closed": ended.closed},
    }


def _closing_as_json(closing: Closing) -> dict[str, Any]:
    return {
        "store": closing.store,
        "kind": closing.kind,
        "id": closing.id,
        "outcome": closing.outcome.value,
        "detail": closing.detail,
        "expires-at": closing.expires_at,
        "command": closing.command,
    }
