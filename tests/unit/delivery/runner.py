"""Runs CMD as `exec` does: `runner.py SETTINGS CMD…`, SETTINGS being a JSON file.

A filter hides the word `hunter2`. What happens is appended to the file `journal`, one JSON value
a line: signals as `["signal", n]`, what is done beside CMD as `["meanwhile"]`, the end as
`["ended", {…}]`, what `run` raised as `["raised"]`.
"""

import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from ci_secrets import process
from ci_secrets.cli import standard
from ci_secrets.delivery import child

WORD = b"hunter2"


class Hide:
    """Replaces the word, and holds back what may be its beginning."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.held = b""

    def feed(self, chunk: bytes) -> bytes:
        text = (self.held + chunk).replace(WORD, b"***")
        keep = next(n for n in range(len(WORD) - 1, -1, -1) if text.endswith(WORD[:n]))
        self.held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def idle(self) -> bytes:
        """Nothing is held for a pause."""
        return b""

    def finish(self) -> bytes:
        return self.held


class Break(Hide):
    """Fails at the first byte."""

    def feed(self, chunk: bytes) -> bytes:
        raise RuntimeError


def main() -> int:
    """Run CMD; its exit code."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    standard.occupy()
    process.harden()
    journal = os.open(settings["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)

    def note(*what: object) -> None:
        os.write(journal, json.dumps(what).encode() + b"\n")

    def make_filter(name: str) -> Hide:
        note("filter", name)
        return Break(name) if settings.get("break") else Hide(name)

    try:
        ended = child.run(
            sys.argv[2:],
            settings.get("environment", dict(os.environ)),
            make_filter=make_filter,
            one_log=settings.get("one_log", False),
            on_signal=lambda signum: note("signal", signum),
            meanwhile=lambda: note("meanwhile"),
        )
    except RuntimeError:
        note("raised")
        return 1
    note("ended", asdict(ended))
    note("kilobytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return ended.code


if __name__ == "__main__":
    sys.exit(main())
