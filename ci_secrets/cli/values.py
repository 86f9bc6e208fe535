"""Which values `scan` and `redact` look for: those of `--known`, else the job's sealed ones."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ci_secrets.errors import UsageError

if TYPE_CHECKING:
    from ci_secrets.leaks.sought import Known


def known_values(
    arguments: argparse.Namespace, environment: Mapping[str, str], *, stdin_taken: bool
) -> "Known":
    """Them. Raises `UsageError`, which shows no value."""
    if arguments.known is None:
        from ci_secrets.cli.wanted import wanted
        from ci_secrets.job.finish import sealed_values

        return sealed_values(wanted(arguments), environment)
    if arguments.known == "-" and stdin_taken:
        raise UsageError(
            "Both the text and --known are to come from stdin.",
            fix="Put the values in a 0600 file: --known FILE.",
        )
    if arguments.known.lstrip().startswith("{"):
        raise UsageError(
            "--known was given the values themselves.",
            cause="On a command line every process of this machine sees them.",
            fix="Put them in a 0600 file: --known FILE; or give them through a pipe: --known -",
        )
    from ci_secrets.leaks.known import read_known
    from ci_secrets.leaks.sought import Known

    given = read_known(arguments.known, sys.stdin.buffer)
    return Known(given, frozenset(given))
