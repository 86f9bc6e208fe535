"""Reports as files: what they tell of the job, and how they get onto the disk."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ci_secrets import disk
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, OutputRefusedError
from ci_secrets.leaks.formats import Context, Ending, ReportFile
from ci_secrets.paths import look


def context_of(
    environment: Mapping[str, str], endings: tuple[Ending, ...] | None = None
) -> Context:
    """What a report tells besides what was found: when, on which commit, what was revoked."""
    # NOTE: GitLab's name for it; only its own report asks for a commit
    return Context(commit=environment.get("CI_COMMIT_SHA", ""), endings=endings)


def clear_reports(files: Iterable[ReportFile], console: Console) -> None:
    """Take away what an earlier run has written: should this one fail, that is not its word."""
    for path in (file.path for file in files):
        if look(path, follow=False).kind != "file":
            continue  # where nothing is written either
        try:
            disk.remove(path)
        except CiSecretsError as failure:
            console.warn(f"The report of an earlier run stays: {failure.what}")


def write_files(
    files: Iterable[ReportFile], text_of: Callable[[ReportFile], str], console: Console
) -> int:
    """The reports, for others to read too; 0, or, where one cannot be written, a warning and 8."""
    unwritten = 0
    for file in files:
        unwritten |= _write(file.path, text_of(file), console)
    return unwritten


def _write(path: Path, text: str, console: Console) -> int:
    try:
        disk.write_private(path, text.encode(), 0o644)
    except CiSecretsError as failure:
        console.warn(f"The report was not written: {failure.what}")
        return OutputRefusedError.exit_code
    return 0
