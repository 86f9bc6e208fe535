"""Files that a run makes, and those through which CMD speaks to its runner."""

from collections.abc import Mapping
from pathlib import Path

from ci_secrets.console import Console
from ci_secrets.delivery.files import new_directory, write_files
from ci_secrets.delivery.step_files import redact_summary
from ci_secrets.errors import CiSecretsError
from ci_secrets.job.closing import SUMMARY
from ci_secrets.job.opening import Job
from ci_secrets.job.watch import Watch
from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.paths import look
from ci_secrets.platforms.interface import Platform
from ci_secrets.text import foreign


def secret_files(job: Job) -> Mapping[str, Path]:
    """Write what is to be a file into the run's own directory: name → path."""
    wanted = [entry for entry in job.credentials if entry.deliver == "file"]
    if not wanted:
        return {}
    place = new_directory(job.directory)
    job.files += [place / entry.name for entry in wanted]
    job.seal()  # NOTE: before the files: a kill -9 in between must leave their names to `finish`
    return write_files(wanted, place)


def step_files(platform: Platform, watch: Watch, console: Console) -> list[Report]:
    """The job summary as CMD left it, redacted in its place; nothing of it can undo the verdict.

    What only a scan sees there stays: its report is not `contained`.
    """
    summary = platform.command_files().summary
    if summary is None:
        return []
    if _is_empty(summary):
        return [Report(coverage=(Coverage(source=SUMMARY, state="complete"),))]
    from ci_secrets.leaks.guard import Guard

    guard = Guard(watch.engine)
    try:
        redact_summary(summary, guard)
    except CiSecretsError as failure:
        console.warn(f"The job summary was not redacted: {failure.what}")
        return [Report(coverage=(Coverage(source=SUMMARY, state="none"),))]
    return [guard.report(SUMMARY)]


def handed_on(platform: Platform, watch: Watch) -> list[str]:
    """A warning for each value that CMD put into a file for later steps."""
    files = platform.command_files().handed_on or {}
    warnings = []
    for variable, path in files.items():
        if look(path).kind != "file" or _is_empty(path):
            continue
        from ci_secrets.leaks.scan import scan_paths

        warnings += [
            f"{foreign(finding.secret)} was written to {variable}: later steps and actions can "
            "read it."
            for finding in scan_paths(watch.engine, [str(path)], None).findings
        ]
    return list(dict.fromkeys(warnings))


def _is_empty(path: Path) -> bool:
    """Whether it is a file, no link to one, in which nothing stands."""
    here = look(path, follow=False)
    return here.kind == "file" and not here.size
