"""What the formats say to people, in the same words."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ci_secrets.leaks.findings import (
    CoverageState,
    Extent,
    Finding,
    Report,
    Severity,
    Skipped,
    Verdict,
)
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import foreign, some

NAME: Final = 1000
"""Characters of a path that are shown."""
EXCERPT: Final = 8000
"""Characters of a redacted line that are shown; it was cut to less when it was found."""
VERDICT: Final[dict[Verdict, str]] = {
    Verdict.CLEAN: "no known value was found",
    Verdict.UNKNOWN: "nothing was searched",
    Verdict.CONTAINED: "printed, but redacted before it left the job",
    Verdict.LEAKED: "stands in text that others can read",
}
COVERAGE: Final[dict[CoverageState, str]] = {
    "complete": "read to the end",
    "masked-view": "read as the CI shows it, after its own masking",
    "tail-missing": "breaks off: what comes after was not seen",
    "none": "not searched",
}
UNSURE: Final[dict[Severity, str]] = {
    "high": "",
    "medium": "part of it",
    "low": "short, not sure",
}


class Alike(NamedTuple):
    """Values with which the same was not done, for the same reason."""

    names: str
    """A few of them, and how many more, as they may be shown."""
    several: bool
    extent: Extent
    reason: str
    """Foreign text of one line."""

    @property
    def told(self) -> str:
        """`PIN is not looked for at all: shorter than 6 bytes`."""
        verb = "are" if self.several else "is"
        return f"{self.names} {verb} not {self.extent}: {self.reason}"


def together(skipped: Iterable[Skipped]) -> list[Alike]:
    """One entry for all values of each kind, in the order in which these first come."""
    alike: dict[tuple[Extent, str], list[str]] = {}
    for note in skipped:
        alike.setdefault((note.extent, note.reason), []).append(foreign(note.secret))
    return [
        Alike(some(names), len(names) > 1, extent, foreign(reason))
        for (extent, reason), names in alike.items()
    ]


def place(finding: Finding) -> str:
    """Where it stands, such as `job.log:1:7`."""
    return f"{foreign(finding.file, NAME)}:{finding.line}:{finding.column}"


def told(finding: Finding) -> str:
    """Whose it is and in which disguise, such as `PW as base64 (part of it)`."""
    unsure = f" ({UNSURE[finding.severity]})" if UNSURE[finding.severity] else ""
    return f"{foreign(finding.secret)} {in_words(finding.form)}{unsure}"


def severity(finding: Finding) -> str:
    """How sure it is, such as `high` or `medium (part of it)`."""
    unsure = UNSURE[finding.severity]
    return f"{finding.severity} ({unsure})" if unsure else finding.severity


def steps(finding: Finding) -> list[str]:
    """What it is wrapped in, from the outside in; nothing where it stands in clear."""
    return [in_words((form,)).removeprefix("as ") for form in finding.form]


def rule(finding: Finding) -> str:
    """An id of the disguise for other tools: `plain`, `base64`, `base64/json`."""
    return "/".join(finding.form) or "plain"


def summary(report: Report) -> str:
    """One sentence after the verdict's word."""
    if not report.findings:
        return nothing_but(report) or VERDICT[report.verdict]
    names = list(dict.fromkeys(foreign(finding.secret) for finding in report.findings))
    return f"{some(names)} in {counted(len(report.findings), 'place')}, {VERDICT[report.verdict]}"


def nothing_but(report: Report) -> str:
    """What is said of a clean report with findings that do not count; of others nothing."""
    if report.verdict is not Verdict.CLEAN or not report.accepted:
        return ""
    return f"nothing but {counted(len(report.accepted), 'accepted finding')} was found"


def missed(report: Report) -> list[str]:
    """A sentence for each source that was not seen whole, and each kind of skipped values."""
    unseen = [
        f"{foreign(entry.source, NAME)}: {COVERAGE[entry.state]}"
        for entry in report.coverage
        if entry.state != "complete"
    ]
    return unseen + [alike.told for alike in together(report.skipped)]


def size(count: int) -> str:
    """`47 bytes` or `3.2 MiB`."""
    return f"{count:,} bytes" if count < 2**20 else f"{count / 2**20:,.1f} MiB"


def counted(count: int, noun: str) -> str:
    """`1 place`, `2,000 places`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
