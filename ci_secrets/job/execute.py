"""`exec`: only CMD gets the values, its output is redacted, and its end is the end of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from ci_secrets.console import Console
from ci_secrets.job.opening import Job, Wanted
from ci_secrets.job.reports import clear_reports
from ci_secrets.leaks.formats import ReportFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """How CMD is run."""

    argv: tuple[str, ...]
    keep_identity: bool = False
    one_log: bool = False
    reports: tuple[ReportFile, ...] = ()


def execute(
    wanted: Wanted, execution: Execution, environment: Mapping[str, str], console: Console
) -> int:
    """Open a run, run CMD in it, close it; the exit code of the contract."""
    clear_reports(execution.reports, console)
    job = Job(wanted, environment, console)
    # NOTE: what runs CMD is loaded while the store answers, instead of before it is asked.
    with job.opened(meanwhile=partial(import_module, "ci_secrets.job.command")):
        from ci_secrets.job.command import run

        return run(job, execution)
