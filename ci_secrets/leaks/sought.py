"""What a report is worth where values could not be looked for at all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.secret import Secret


class Known(NamedTuple):
    """Values to look for."""

    every: Mapping[str, Secret]
    asked: frozenset[str]
    """The names of those that a job asked for; the others are credentials of our own."""


def unsought(reports: Iterable[Report], asked: Collection[str]) -> bool:
    """Whether there are values with these names, and none of them was looked for."""
    notes = {note for report in reports for note in report.skipped}
    wholly = {note.secret for note in notes if note.extent == "looked for at all"}
    return bool(asked) and wholly.issuperset(asked)


def as_seen(reports: Sequence[Report], asked: Collection[str]) -> list[Report]:
    """The reports on one text or several; with coverage `none` where `unsought` holds.

    But for empty texts: these show no value, whatever it is.
    """
    if not unsought(reports, asked) or not any(report.bytes for report in reports):
        return list(reports)
    return [report if report.findings or report.accepted else _blind(report) for report in reports]


def nothing_sought() -> UsageError:
    """For a command that has looked for nothing."""
    return UsageError(
        "None of these values could be looked for, so nothing is known.",
        cause="They are too short, or words that stand in any text.",
        fix="Use longer ones that are made at random.",
    )


def _blind(report: Report) -> Report:
    sources = dict.fromkeys(entry.source for entry in report.coverage)
    return replace(report, coverage=tuple(Coverage(source=it, state="none") for it in sources))
