"""`exchange` with the inputs of hashicorp/vault-action; run by the action of that name alone."""

import argparse
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.wanted import IDENTITY, RUN, wanted
from ci_secrets.console import Console


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options; what else it is told stands in INPUT_* variables."""
    add_options(parser, *IDENTITY, *RUN)


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or an error with 3 to 8."""
    from ci_secrets.job.vault_action import exchange

    return exchange(wanted(arguments), environment, console)
