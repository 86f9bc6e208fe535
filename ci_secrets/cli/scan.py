"""`ci-secrets scan PATH…|-`: looks for known values in every form."""

import argparse
import sys
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.options import one_of
from ci_secrets.cli.values import known_values
from ci_secrets.cli.wanted import IDENTITY, RUN
from ci_secrets.console import Console
from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Verdict
from ci_secrets.text import foreign


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, directories, .gz, .zip, -")
    add_options(parser, "known", "format", *IDENTITY, *RUN)


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or 11 where something was found."""
    from ci_secrets.leaks.formats import FORMATS, render
    from ci_secrets.leaks.matcher import build
    from ci_secrets.leaks.scan import scan_paths

    form = one_of(FORMATS, arguments.format, "format")
    known = known_values(arguments, environment, stdin_taken="-" in arguments.paths)
    report = scan_paths(build(known), arguments.paths, sys.stdin.buffer)
    sys.stdout.write(render(form, report))
    sys.stdout.flush()
    if form != "text":  # which says so itself
        for entry in report.skipped:
            console.warn(f"{foreign(entry.secret)}: {entry.reason}")
    if report.verdict is Verdict.UNKNOWN:
        raise UsageError("Nothing could be read, so nothing is known.", fix="Check the paths.")
    return 11 if report.verdict is Verdict.LEAKED else 0
