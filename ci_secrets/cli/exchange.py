"""`ci-secrets exchange`: the job's identity becomes outputs, masked first; `finish` ends them."""

import argparse
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.wanted import IDENTITY, RUN, STORE, wanted
from ci_secrets.console import Console


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, *STORE, *IDENTITY, "env-file", "dotenv", "export-env", *RUN, "report")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or an error with 3 to 8."""
    from ci_secrets.job.exchange import Handover, exchange

    handover = Handover(
        env_file=arguments.env_file,
        dotenv=arguments.dotenv,
        export_env=arguments.export_env,
        report=arguments.report,
    )
    return exchange(wanted(arguments), handover, environment, console)
