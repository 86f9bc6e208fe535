"""The end of a run, and how people see it: verdict, what was revoked, summary, report."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ci_secrets.console import Console, Tone
from ci_secrets.delivery.files import remove_files
from ci_secrets.errors import CiSecretsError, NotClosedError
from ci_secrets.job.opening import Job
from ci_secrets.job.reports import context_of, write_files
from ci_secrets.job.signals import Interrupted
from ci_secrets.leaks.findings import Coverage, Report, Verdict, combine
from ci_secrets.leaks.formats import ReportFile
from ci_secrets.leaks.formats import render as rendered
from ci_secrets.platforms.interface import Platform
from ci_secrets.response.closings import AGAIN, details, endings, headline, record
from ci_secrets.response.outcome import Ended, as_json
from ci_secrets.stores.interface import Closing
from ci_secrets.text import foreign, inert_json

SUMMARY: Final = "job summary"
"""The source of what is said of the job's summary page."""
NOT_NOTED = "Not noted for `finish`, which will look again at what is closed by now:"
_SHOWN = 20
"""Findings and sources in the log; the report has them all."""
_TONE: dict[Verdict, Tone] = {
    Verdict.CLEAN: "good",
    Verdict.CONTAINED: "warn",
    Verdict.LEAKED: "bad",
    Verdict.UNKNOWN: "warn",
}


def end(
    job: Job,
    reports: Sequence[Report],
    *,
    child_code: int = 0,
    unwritten: bool = False,
    interrupted: bool = False,
    warnings: Sequence[str] = (),
    facts: Mapping[str, object] | None = None,
) -> Ended:
    """Close a run: revoke, delete, record, and leave a tombstone where all is closed.

    `facts` go into the run's last record in the trail, in place of the verdict. A stopping signal
    makes it faster, and gives the code where CMD gives none; it takes nothing of it away.
    """
    with job.stops.held():
        exposed = _exposed(job, reports)
        closings = _closed(job, exposed, interrupted=interrupted)
        ended = Ended(
            reports=tuple(reports),
            closings=tuple(closings),
            leaks=job.config.leaks,
            require_proof=job.wanted.require_proof,
            child_code=child_code or job.stops.exit_code,
            unwritten=unwritten,
            warnings=tuple(warnings),
            stuck=delete(job.files),
        )
        said = facts or {"verdict": ended.verdict.value, "child": ended.child_code}
        head, unrecorded = record(job.trail, closings, closed=ended.closed, **said)
        ended = dataclasses.replace(ended, audit_head=head, unrecorded=unrecorded)
        job.tell(job.trail.notices)
        try:
            if job.sealed is not None and ended.closed:
                job.sealed.close(ended)
            else:
                job.seal()  # with what was closed, so that `finish` knows what was not
        except CiSecretsError as failure:
            job.console.warn(f"{NOT_NOTED} {failure.what}")
        job.over = True
    return dataclasses.replace(ended, child_code=child_code or job.stops.exit_code)


def _closed(job: Job, exposed: Sequence[str], *, interrupted: bool) -> list[Closing]:
    """The ends of all that is open."""
    try:
        with job.stops.let_through():
            if job.keeper is not None:
                job.keeper.stop(hurry=interrupted)
            return job.close("signal" if interrupted else "leak" if exposed else "end", exposed)
    except Interrupted:  # it wants what we are doing, only faster
        if job.keeper is not None:
            job.keeper.stop(hurry=True)
        return job.close("signal", exposed)


def delete(files: Sequence[Path]) -> tuple[str, ...]:
    """Delete files with values; what stays, a sentence each."""
    try:
        remove_files(files)
    except NotClosedError as failure:
        return (failure.what,)
    return ()


def _exposed(job: Job, reports: Sequence[Report]) -> list[str]:
    """Leases of the values that were printed: they go first."""
    names = {finding.secret for report in reports for finding in report.findings}
    return [entry.lease_id for entry in job.credentials if entry.name in names and entry.lease_id]


def summarised(ended: Ended, platform: Platform) -> Ended:
    """The same, after it was put on the job's summary page.

    Where that cannot be written, a warning is added; what CMD wrote there may not be whole, too.
    """
    if platform.command_files().summary is None:
        return ended
    from ci_secrets.response.summary import render

    try:
        platform.write_summary(render(ended))
    except CiSecretsError as failure:
        return dataclasses.replace(
            ended,
            reports=tuple(map(_broken_off, ended.reports)),
            warnings=(*ended.warnings, failure.what),
        )
    return ended


def _broken_off(report: Report) -> Report:
    """The summary's report without its promise of the whole text; another one as it is."""
    whole, cut = (Coverage(source=SUMMARY, state=state) for state in ("complete", "tail-missing"))
    seen = tuple(cut if entry == whole else entry for entry in report.coverage)
    return dataclasses.replace(report, coverage=seen)


def tell(ended: Ended, console: Console) -> None:
    """The verdict with its coverage, each finding, and what became of tokens and leases."""
    seen = [f"{foreign(entry.source)} {entry.state}" for entry in ended.coverage_told[:_SHOWN]]
    if len(ended.coverage) > _SHOWN:
        seen.append(f"and {len(ended.coverage) - _SHOWN} more")
    coverage = ", ".join(seen)
    console.say(
        f"verdict: {ended.verdict.value}" + (f" ({coverage})" if coverage else ""),
        _TONE[ended.verdict],
    )
    if ended.findings:
        from ci_secrets.leaks.formats.text import headline as found_at

        for finding in ended.findings[:_SHOWN]:
            console.detail(f"{found_at(finding)}: {finding.excerpt}", _TONE[ended.verdict])
    if len(ended.findings) > _SHOWN:
        console.detail(f"… and {len(ended.findings) - _SHOWN} more places")
    if ended.skipped:
        from ci_secrets.leaks.formats.words import together

        for alike in together(ended.skipped):
            console.detail(alike.told)
    for warning in ended.warnings:
        console.warn(warning)
    tell_closed(ended, console)


def tell_closed(ended: Ended, console: Console) -> None:
    """What became of tokens and leases, and of the trail."""
    for sentence in (*ended.stuck, *ended.unrecorded):
        console.say(sentence, "bad")
    console.say(headline(ended.closings), "good" if ended.closed else "bad")
    for line in details(ended.closings):
        console.detail(line, "warn")
    if any(entry.kind == "token" and not entry.outcome.closed for entry in ended.closings):
        console.say(AGAIN, "warn")
    if ended.audit_head:
        console.say(f"audit head: {ended.audit_head}", "dim")


def write_reports(
    ended: Ended, files: Sequence[ReportFile], environment: Mapping[str, str], console: Console
) -> int:
    """The reports of `--report`; 0, or 8 where one cannot be written."""
    if not files:
        return 0
    report = combine(ended.reports)
    context = context_of(environment, endings(ended.closings))

    def text_of(file: ReportFile) -> str:
        if file.format == "json":
            return inert_json(as_json(ended), indent=1) + "\n"
        return rendered(file.format, report, context)

    return write_files(files, text_of, console)
