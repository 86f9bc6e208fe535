"""What the formats say to people, in the same words."""

from collections.abc import Iterable
from typing import Final

from ci_secrets.leaks.findings import CoverageState, Finding, Report, Severity, Verdict
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import foreign

NAME: Final = 1000
"""Characters of a path that are shown."""
EXCERPT: Final = 8000
"""Characters of a redacted line that are shown; it was cut to less when it was found."""
VERDICT: Final[dict[Verdict, str]] = {
    Verdict.CLEAN: "no known value was found",
    Verdict.UNKNOWN: "nothing could be looked at",
    Verdict.CONTAINED: "printed, but redacted before it left the job",
    Verdict.LEAKED: "stands in text that others can read",
}
COVERAGE: Final[dict[CoverageState, str]] = {
    "complete": "read to the end",
    "masked-view": "read as the CI shows it, after its own masking",
    "tail-missing": "breaks off: what comes after was not seen",
    "none": "could not be looked at",
}
UNSURE: Final[dict[Severity, str]] = {
    "high": "",
    "medium": "part of it",
    "low": "short, not sure",
}


def place(finding: Finding) -> str:
    """Where it stands, such as `job.log:1:7`."""
    return f"{foreign(finding.file, NAME)}:{finding.line}:{finding.column}"


def told(finding: Finding) -> str:
    """Whose it is and in which disguise, such as `PW as base64 (part of it)`."""
    unsure = f" ({UNSURE[finding.severity]})" if UNSURE[finding.severity] else ""
    return f"{foreign(finding.secret)} {in_words(finding.form)}{unsure}"


def steps(finding: Finding) -> list[str]:
    """What it is wrapped in, from the outside in; nothing where it stands in clear."""
    return [in_words((form,)).removeprefix("as ") for form in finding.form]


def rule(finding: Finding) -> str:
    """An id of the disguise for other tools: `plain`, `base64`, `base64/json`."""
    return "/".join(finding.form) or "plain"


def summary(report: Report) -> str:
    """One sentence after the verdict's word."""
    said = VERDICT[report.verdict]
    if not report.findings:
        return said
    names = list(dict.fromkeys(foreign(finding.secret) for finding in report.findings))
    return f"{some(names)} in {counted(len(report.findings), 'place')}, {said}"


def missed(report: Report) -> list[str]:
    """A sentence for each source that was not seen whole, and each value not looked for."""
    unseen = [
        f"{foreign(entry.source, NAME)}: {COVERAGE[entry.state]}"
        for entry in report.coverage
        if entry.state != "complete"
    ]
    partly = [
        f"{foreign(note.secret)} was not looked for {note.extent}: {foreign(note.reason)}"
        for note in report.skipped
    ]
    return unseen + partly


def size(count: int) -> str:
    """`47 bytes` or `3.2 MiB`."""
    return f"{count:,} bytes" if count < 2**20 else f"{count / 2**20:,.1f} MiB"


def counted(count: int, noun: str) -> str:
    """`1 place`, `2,000 places`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def some(names: Iterable[str]) -> str:
    """The first three, and how many more."""
    every = list(names)
    more = len(every) - 3
    return ", ".join(every) if more <= 0 else f"{', '.join(every[:3])} and {more} more"
