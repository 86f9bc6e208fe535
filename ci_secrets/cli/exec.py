"""`ci-secrets exec -- CMD…`: only CMD gets the values, redacted in its output, gone at its end."""

import argparse
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.wanted import IDENTITY, RUN, STORE, wanted
from ci_secrets.console import Console
from ci_secrets.errors import UsageError


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = "%(prog)s [options] -- CMD [ARG ...]"
    add_options(
        parser, *STORE, *IDENTITY, "keep-identity", "heartbeat-ttl", "one-log", *RUN, "report"
    )


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; CMD's code, 9, 11, or an error with 3 to 8 before CMD starts."""
    if not arguments.child:
        raise UsageError("There is no command to run.", fix="ci-secrets exec -- COMMAND [ARG ...]")
    from ci_secrets.job.execute import Execution, execute

    execution = Execution(
        argv=tuple(arguments.child),
        keep_identity=arguments.keep_identity,
        one_log=arguments.one_log,
        reports=arguments.report,
    )
    return execute(wanted(arguments), execution, environment, console)
