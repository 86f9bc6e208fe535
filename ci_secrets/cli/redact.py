"""`ci-secrets redact`: stdin → stdout, known values in every form replaced by `***`."""

import argparse
import os
import sys
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.values import known_values
from ci_secrets.cli.wanted import IDENTITY, RUN
from ci_secrets.console import Console

_CHUNK = 1 << 16


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, "known", *IDENTITY, *RUN)


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it until stdin ends; 0."""
    from ci_secrets.leaks.matcher import build
    from ci_secrets.leaks.redact import Redactor

    engine = build(known_values(arguments, environment, stdin_taken=True))
    for skipped in engine.skipped:
        console.warn(f"not looked for: {skipped.secret}, {skipped.reason}")
    redactor = Redactor(engine)
    out = sys.stdout.buffer
    # NOTE: os.read gives what is there; a buffered read would wait for a whole chunk.
    while chunk := os.read(0, _CHUNK):
        out.write(redactor.feed(chunk))
        out.flush()
    out.write(redactor.finish())
    return 0
