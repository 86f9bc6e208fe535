"""`ci-secrets verify`: a following job looks at the logs of those that are over."""

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.options import one_of
from ci_secrets.cli.wanted import IDENTITY, RUN, STORE, wanted
from ci_secrets.console import Console
from ci_secrets.errors import UsageError

_MAX_BYTES = 1 << 20


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, "mode", "handed", *STORE, *IDENTITY, *RUN, "format", "report")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or 11; 2, 5 or 6 where not all logs could be looked at; 3 to 9 of a refetch."""
    from ci_secrets.job.verify import MODES, Asked, verify
    from ci_secrets.leaks.formats import FORMATS

    if arguments.mode is not None:
        one_of(MODES, arguments.mode, "mode")
    asked = Asked(
        wanted=wanted(arguments),
        mode=arguments.mode,
        handed=partial(_read, arguments.handed),
        ca_file=arguments.ca_file,
        format=one_of(FORMATS, arguments.format, "format"),
        reports=arguments.report,
    )
    return verify(asked, environment, console)


def _read(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read(_MAX_BYTES)
        with Path(file).open(encoding="ascii") as handed:
            return handed.read(_MAX_BYTES)
    except (OSError, ValueError) as failure:
        raise UsageError(
            "What was handed over cannot be read.",
            cause=f"{getattr(failure, 'strerror', None) or 'It is no text'}.",
            fix="Give the output `hand-over` of the job before: --handed FILE.",
        ) from None
