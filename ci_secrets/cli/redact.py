"""`ci-secrets redact`: stdin → stdout, known values in every form replaced by `***`."""

import argparse
import select
import sys
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.values import known_values
from ci_secrets.cli.wanted import IDENTITY
from ci_secrets.console import Console
from ci_secrets.text import foreign

if TYPE_CHECKING:
    from ci_secrets.leaks.guard import Guard

_CHUNK: Final = 1 << 16
_PAUSE_SECONDS: Final = 0.0005
"""After as long without a byte, what need not wait is written."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, "known", *IDENTITY, "state-dir")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it until stdin ends; 0."""
    from ci_secrets.leaks.formats.words import together
    from ci_secrets.leaks.guard import Guard
    from ci_secrets.leaks.matcher import build
    from ci_secrets.leaks.redact import hidden

    engine = build(known_values(arguments, environment, stdin_taken=True).every)
    console.hide = partial(hidden, engine)
    for alike in together(engine.skipped):
        console.warn(alike.told)
    guard = Guard(engine)
    _redact(guard)
    _warn_of_the_rest(guard, console)
    return 0


def _redact(guard: "Guard") -> None:
    """Read stdin to its end, and write what may be read at once."""
    from ci_secrets.leaks.input.source import peekable

    text, out = peekable(sys.stdin.buffer), sys.stdout.buffer
    # NOTE: read1 gives what is there, and of so much keeps nothing: select sees all that is to come
    while chunk := text.read1(_CHUNK):
        out.write(guard.feed(chunk))
        out.flush()  # NOTE: nobody waits for the pause but what may be the beginning of a value
        if not select.select([text], [], [], _PAUSE_SECONDS)[0]:
            out.write(guard.idle())
            out.flush()
    out.write(guard.finish())


def _warn_of_the_rest(guard: "Guard", console: Console) -> None:
    """Say what was not replaced, for only a scan can see it."""
    from ci_secrets.leaks.forms import in_words

    left = guard.left("the output").findings
    for (secret, form), count in Counter((one.secret, one.form) for one in left).items():
        times = "once" if count == 1 else f"{count} times"
        console.warn(f"not redacted: {foreign(secret)} {in_words(form)}, {times}")
