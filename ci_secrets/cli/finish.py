"""`ci-secrets finish`: the end of the job; safe to run twice, after a crash, after a cancel."""

import argparse
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.wanted import IDENTITY, wanted
from ci_secrets.console import Console


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, *IDENTITY, "log", "state-dir", "require-proof", "report")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, 9 or 11."""
    from ci_secrets.job.finish import finish

    return finish(wanted(arguments), arguments.log, arguments.report, environment, console)
