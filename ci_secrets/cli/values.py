"""Which values `scan` and `redact` look for: those of `--known`, else the job's sealed ones."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from ci_secrets.errors import UsageError
from ci_secrets.secret import Secret


def known_values(
    arguments: argparse.Namespace, environment: Mapping[str, str], *, stdin_taken: bool
) -> Mapping[str, Secret]:
    """Name → value. Raises `UsageError` where both the text and the values come from stdin."""
    if arguments.known is None:
        from ci_secrets.cli.wanted import wanted
        from ci_secrets.job.finish import sealed_values

        return sealed_values(wanted(arguments), environment)
    from ci_secrets.leaks.known import parse_known

    if arguments.known != "-":
        return parse_known(_read(Path(arguments.known)))
    if stdin_taken:
        raise UsageError(
            "Both the text and --known are to come from stdin.",
            fix="Put the values in a 0600 file: --known FILE.",
        )
    return parse_known(sys.stdin.buffer.read())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise UsageError(
            "The file of --known cannot be read.", cause=failure.strerror or ""
        ) from None
