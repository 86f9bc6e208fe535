"""What a scan says: findings, their coverage, and the verdict."""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Severity = Literal["high", "medium", "low"]
"""high: the whole value. medium: part of it. low: too short to be sure."""
CoverageState = Literal["complete", "masked-view", "tail-missing", "none"]
Extent = Literal["looked for at all", "looked for in every form", "listed in every place"]
"""What was not done with a value; a word of denial goes before it."""


class Verdict(enum.StrEnum):
    """The one word at the end of a job, worst last."""

    CLEAN = "clean"
    UNKNOWN = "unknown"
    """Nothing was looked at, or for (coverage only `none`)."""
    CONTAINED = "contained"
    """Printed, but redacted before it left our pipe."""
    LEAKED = "leaked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How much of one source was seen; one entry per source and defect."""

    source: str
    state: CoverageState


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One place where a secret stands, in whatever disguise. Holds no value."""

    file: str
    line: int
    """1-based, in the original text."""
    column: int
    """1-based, counts bytes."""
    end_line: int
    end_column: int
    """Exclusive."""
    secret: str
    """The name; part of a structured value is `NAME.field` or `NAME[line]`."""
    form: tuple[str, ...]
    """From the outside in, ids of docs/forms.md; `()` for the plain value."""
    severity: Severity
    fingerprint: str
    excerpt: str = ""
    """The line with all values redacted, for people; not part of the JSON contract."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A finding that somebody has accepted: told in every report, and not counted."""

    finding: Finding
    reason: str
    """Foreign text of one line."""
    until: date
    """The last day on which it does not count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """What was not done with a value, and why: silence is never taken for safety."""

    secret: str
    reason: str
    extent: Extent = "looked for in every form"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The result of looking at one or more sources."""

    findings: tuple[Finding, ...] = ()
    """Those that count; `accepted` has the others."""
    accepted: tuple[Accepted, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    bytes: int = 0
    lines: int = 0
    seconds: float = 0.0
    contained: bool = field(default=False)
    """Whether the findings were redacted before the text left us."""
    unlisted: bool = field(default=False)
    """Whether there is more to find, unlike all that is listed; it counts."""

    @property
    def verdict(self) -> Verdict:
        """`unknown` where nothing was seen, else by the findings."""
        if self.findings or self.unlisted:
            return Verdict.CONTAINED if self.contained else Verdict.LEAKED
        if all(entry.state == "none" for entry in self.coverage):
            return Verdict.UNKNOWN
        return Verdict.CLEAN


def combine(reports: Iterable[Report]) -> Report:
    """One report on several sources. `contained` only if every finding was."""
    every = tuple(reports)
    return Report(
        findings=tuple(finding for report in every for finding in report.findings),
        accepted=tuple(entry for report in every for entry in report.accepted),
        coverage=tuple(entry for report in every for entry in report.coverage),
        skipped=tuple(dict.fromkeys(note for report in every for note in report.skipped)),
        bytes=sum(report.bytes for report in every),
        lines=sum(report.lines for report in every),
        seconds=sum(report.seconds for report in every),
        contained=all(one.contained for one in every if one.findings or one.unlisted),
        unlisted=any(report.unlisted for report in every),
    )


def fingerprint(secret: str, form: tuple[str, ...], redacted_line: str) -> str:
    """A stable id of a finding: over name, form chain and the redacted line, digits collapsed."""
    import hashlib  # NOTE: brings OpenSSL along; a clean log has no findings

    text = "\0".join((secret, "/".join(form), collapsed(redacted_line)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def collapsed(line: str) -> str:
    """With every number alike: times and counters differ from run to run."""
    return re.sub(r"\d+", "0", line)
