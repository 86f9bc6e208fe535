"""`verify`: the verdict on the logs of finished jobs, as everybody sees them now."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from ci_secrets import platforms
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, OutputRefusedError, UsageError
from ci_secrets.job.handover import Taken, take
from ci_secrets.job.opening import Wanted
from ci_secrets.job.reports import clear_reports, context_of, write_files
from ci_secrets.leaks.findings import Coverage, Report, Verdict, combine
from ci_secrets.leaks.formats import ReportFile, render
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.scan import scan_stream
from ci_secrets.leaks.sought import as_seen, nothing_sought
from ci_secrets.platforms.interface import JobLog, OwnLog, Platform

Mode = Literal["hand-over", "refetch"]
MODES: Final[tuple[Mode, ...]] = ("hand-over", "refetch")
_ENOUGH: Final = 3
"""Logs in a row that cannot be read: then neither can the others, and each would be waited for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command line asks for."""

    wanted: Wanted
    mode: Mode | None
    """Where the values come from; `None`: as this CI can."""
    handed: Callable[[], str]
    ca_file: Path | None
    format: str
    reports: Sequence[ReportFile]


def verify(asked: Asked, environment: Mapping[str, str], console: Console) -> int:
    """Look at all logs; 0, 9, or 11 where one holds a value and `on-leak` says so.

    Raises what kept it from a log, once the others are looked at and reported, unless it is 11.
    """
    clear_reports(asked.reports, console)
    platform = platforms.detect(environment, asked.wanted.platform, asked.wanted.identity)
    console.annotate = platform.annotate
    logs = platform.job_logs()  # NOTE: first, for it may refuse, and a hand-over works once
    if all(log.read is None for log in logs):
        raise UsageError(
            "No job of this run is over, so that there is no log to look at.",
            fix="Let this job wait for the others: needs: [deploy], and if: always(); on GitLab "
            "stage: .post, and when: always.",
        )
    taken = _taken(asked, platform, environment, console)
    report, failures = _looked_at(build(taken.known.every), logs)
    report = replace(report, skipped=(*taken.skipped, *report.skipped))
    (report,) = as_seen([report], taken.known.asked)
    unwritten = _tell(asked, report, platform, environment, console)
    leaked = report.verdict is Verdict.LEAKED and taken.leaks.on_leak == "fail"
    for failure in failures if leaked else failures[1:]:
        console.error(failure)
    if leaked:
        return 11
    if failures:
        raise failures[0]
    if report.verdict is Verdict.UNKNOWN:
        raise nothing_sought()
    return taken.exit_code or unwritten


def _taken(
    asked: Asked, platform: Platform, environment: Mapping[str, str], console: Console
) -> Taken:
    """What to look for."""
    if (asked.mode or ("hand-over" if platform.takes_outputs else "refetch")) == "refetch":
        from ci_secrets.job.refetch import refetch

        return refetch(asked.wanted, environment, console)
    return take(asked.handed(), platform.run(), asked.ca_file, environment)


def _looked_at(engine: Engine, logs: Sequence[JobLog]) -> tuple[Report, Sequence[CiSecretsError]]:
    """What the logs show, and what kept us from some of them."""
    reports = [Report(skipped=engine.skipped)]
    failures: list[CiSecretsError] = []
    in_a_row = 0
    for log in logs:
        try:
            if log.read is not None and in_a_row < _ENOUGH:
                reports.append(_seen(engine, log.read()))
                in_a_row = 0
                continue
        except CiSecretsError as failure:
            failures.append(failure)
            in_a_row += 1
        reports.append(Report(coverage=(Coverage(source=log.source, state="none"),)))
    return combine(reports), failures


def _seen(engine: Engine, log: OwnLog) -> Report:
    seen = scan_stream(engine, [log.log], log.source)
    coverage = tuple(Coverage(source=log.source, state=state) for state in log.states)
    return replace(seen, coverage=coverage)


def _tell(
    asked: Asked,
    report: Report,
    platform: Platform,
    environment: Mapping[str, str],
    console: Console,
) -> int:
    """What was found; 0, or 8 where a report could not be written."""
    context = context_of(environment)
    try:
        platform.write_summary(render("markdown", report, context))
    except OutputRefusedError as failure:
        console.warn(failure.what)
    unwritten = write_files(
        asked.reports, lambda file: render(file.format, report, context), console
    )
    sys.stdout.write(render(asked.format, report, context))
    sys.stdout.flush()
    return unwritten
