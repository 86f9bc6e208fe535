"""`verify`: the verdict on the logs of finished jobs, as everybody sees them now."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ci_secrets import platforms
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, UsageError
from ci_secrets.job.handover import take
from ci_secrets.job.reports import context_of, write_report
from ci_secrets.leaks.findings import Coverage, Report, Verdict, combine
from ci_secrets.leaks.formats import ReportFile, render
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.scan import scan_stream
from ci_secrets.platforms.interface import OwnLog


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command line asks for."""

    handed: str
    platform: str | None
    ca_file: Path | None
    format: str
    reports: Sequence[ReportFile]


def verify(asked: Asked, environment: Mapping[str, str], console: Console) -> int:
    """Look at all logs; 0, or 11 where one holds a value and `on-leak` says so.

    Raises what kept it from a log, once the others are looked at and reported, unless it is 11.
    """
    platform = platforms.detect(environment, asked.platform)
    console.annotate = platform.annotate
    logs = platform.finished_logs()  # NOTE: first, for it may refuse, and a hand-over works once
    taken = take(asked.handed, platform.run(), asked.ca_file, environment)
    report, failure = _looked_at(build(taken.known), logs)
    platform.write_summary(render("markdown", report, context_of(environment)))
    for file in asked.reports:
        write_report(file.path, render(file.format, report, context_of(environment)), console)
    sys.stdout.write(render(asked.format, report, context_of(environment)))
    sys.stdout.flush()
    leaked = report.verdict is Verdict.LEAKED and taken.leaks.on_leak == "fail"
    if failure is None and not report.coverage:
        failure = UsageError(
            "No job of this run is over, so that there is no log to look at.",
            fix="Let this job wait for the others: needs: [deploy], and if: always().",
        )
    if failure is None or leaked:
        if failure is not None:
            console.error(failure)
        return 11 if leaked else 0
    raise failure


def _looked_at(engine: Engine, logs: Iterable[OwnLog]) -> tuple[Report, CiSecretsError | None]:
    """What the logs show, and what kept us from the others."""
    reports = [Report(skipped=engine.skipped)]
    failure = None
    try:
        for log in logs:
            seen = scan_stream(engine, [log.log], log.source)
            coverage = tuple(Coverage(source=log.source, state=state) for state in log.states)
            reports.append(replace(seen, coverage=coverage))
    except CiSecretsError as stopped:
        failure = stopped
    return combine(reports), failure
