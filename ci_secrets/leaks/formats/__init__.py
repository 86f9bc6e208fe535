"""Report formats, one file each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Report
from ci_secrets.paths import real_path

FORMATS: Final[dict[str, str]] = {
    "text": "ci_secrets.leaks.formats.text",
    "json": "ci_secrets.leaks.formats.json",
    "sarif": "ci_secrets.leaks.formats.sarif",
    "gitlab": "ci_secrets.leaks.formats.gitlab",
    "junit": "ci_secrets.leaks.formats.junit",
    "markdown": "ci_secrets.leaks.formats.markdown",
    "annotations": "ci_secrets.leaks.formats.annotations",
    "html": "ci_secrets.leaks.formats.html",
}
"""Name → module with `render(report: Report, context: Context) -> str`; imported when needed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What became of one credential of the run. Its texts are foreign."""

    what: str
    """`token abc at vault`."""
    outcome: str
    """A word or a few: `revoked`, `queued, not seen`."""
    closed: bool
    """Whether nothing is left for an operator to do."""
    proven: bool
    """Whether the change was seen."""
    note: str = ""
    """Why not, and until when it may live; for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a report may tell besides what was found."""

    ended: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the scan was over."""
    commit: str = ""
    """The commit that the job runs for; empty where it is not known."""
    endings: tuple[Ending, ...] | None = None
    """`None` where nothing was to be revoked, as in `scan`."""


class ReportFile(NamedTuple):
    """One report that is to be written."""

    format: str
    path: Path


def report_files(texts: Sequence[str]) -> tuple[ReportFile, ...]:
    """Each `FORMAT=FILE`, or `FILE` for JSON.

    Raises `UsageError` for an unknown format, and where one would be written over another.
    """
    files = tuple(map(_report_file, texts))
    if len({real_path(file.path) for file in files}) < len(files):
        raise UsageError(
            "Two reports would be written to the same file.", fix="Give each --report its own FILE."
        )
    return files


def _report_file(text: str) -> ReportFile:
    name, equals, path = text.partition("=")
    name, path = (known(name), path) if equals else ("json", text)
    if path == "-":
        raise UsageError(
            "A report goes into a file, and `-` is no file.",
            fix="--report FORMAT=FILE. What `scan` prints on stdout is chosen by --format.",
        )
    if not path:
        raise UsageError("There is no file for the report.", fix="--report FORMAT=FILE")
    return ReportFile(name, Path(path))


def known(name: str) -> str:
    """A format's name as it was given. Raises `UsageError` where there is no such format."""
    if name not in FORMATS:
        raise UsageError("That report format is not known.", fix=f"One of: {', '.join(FORMATS)}.")
    return name


def render(name: str, report: Report, context: Context | None = None) -> str:
    """A report in a format, ending in a newline. Raises `UsageError` for an unknown name."""
    text: str = import_module(FORMATS[known(name)]).render(report, context or Context())
    return text
