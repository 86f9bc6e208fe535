"""`activate`: the rest of a shell script gets the values, and a keeper reads all that it prints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from ci_secrets.console import Console
from ci_secrets.delivery.meeting import Answer
from ci_secrets.job.opening import Job, Wanted
from ci_secrets.job.reports import clear_reports
from ci_secrets.leaks.formats import ReportFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Activation:
    """What one `activate` asks for."""

    wanted: Wanted
    keep_identity: bool = False
    reports: tuple[ReportFile, ...] = ()


Understand = Callable[[Sequence[str], Mapping[str, str]], Activation]
"""From a command line and its environment. Raises `CiSecretsError`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """Whom the keeper works for."""

    process: int
    answer: Callable[[Answer], None]
    """Lets the shell go on. Raises `OSError` where it is gone."""
    understand: Understand
    """For what the shell activates later."""


def activate(
    activation: Activation, shell: Shell, environment: Mapping[str, str], console: Console
) -> int:
    """Open a run, be the shell's keeper until it ends, close it; the exit code of the contract."""
    clear_reports(activation.reports, console)
    job = Job(activation.wanted, environment, console)
    with job.opened(meanwhile=partial(import_module, "ci_secrets.job.attend")):
        from ci_secrets.job.attend import attend

        return attend(job, activation, shell)
