"""`ci-secrets exchange`: the job's identity becomes outputs, masked first; `finish` ends them."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.wanted import IDENTITY, RUN, STORE, wanted
from ci_secrets.console import Console
from ci_secrets.errors import UsageError

if TYPE_CHECKING:
    from ci_secrets.leaks.formats import ReportFile


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    where = ("env-file", "dotenv", "export-env", "hand-over")
    add_options(parser, *STORE, *IDENTITY, *where, *RUN, "report")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or an error with 3 to 8."""
    from ci_secrets.job.exchange import Handover, exchange
    from ci_secrets.job.reports import clear_reports

    handover = Handover(
        env_file=arguments.env_file,
        dotenv=arguments.dotenv,
        export_env=arguments.export_env,
        hand_over=arguments.hand_over,
        report=_report(arguments.report),
    )
    clear_reports(arguments.report, console)
    return exchange(wanted(arguments), handover, environment, console)


def _report(files: "Sequence[ReportFile]") -> Path | None:
    """Where the report goes: of a handover there is one, in JSON."""
    if not files:
        return None
    if len(files) > 1 or files[0].format != "json":
        raise UsageError("`exchange` writes one report, as JSON.", fix="--report FILE")
    return files[0].path
