"""`ci-secrets scan PATH…|-`: looks for known values in every form."""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.options import one_of
from ci_secrets.cli.values import known_values
from ci_secrets.cli.wanted import IDENTITY, wanted
from ci_secrets.console import Console
from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Report, Verdict
from ci_secrets.paths import look
from ci_secrets.text import foreign

if TYPE_CHECKING:
    from ci_secrets.leaks.ignore import Entry
    from ci_secrets.leaks.matcher import Engine


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="files, directories, .gz, .zst, .xz, .bz2, .tar, .zip, -",
    )
    add_options(
        parser, "known", "follow", "format", "report", "ignore-file", *IDENTITY, "state-dir"
    )


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, 11 where something was found that nobody has accepted, or 8."""
    from ci_secrets.job.reports import clear_reports, context_of, write_files
    from ci_secrets.leaks import ignore, ready
    from ci_secrets.leaks.formats import FORMATS, render
    from ci_secrets.leaks.formats.words import together
    from ci_secrets.leaks.matcher import build
    from ci_secrets.leaks.redact import hidden
    from ci_secrets.leaks.sought import as_seen, nothing_sought, unsought

    clear_reports(arguments.report, console)
    ready.begin()
    form = one_of(FORMATS, arguments.format, "format")
    today = datetime.now(UTC).date()
    known = known_values(arguments, environment, stdin_taken="-" in arguments.paths)
    engine = build(known.every)
    console.hide = partial(hidden, engine)
    accepted = [
        replace(entry, reason=hidden(engine, entry.reason))
        for entry in _accepted(arguments, environment, console, today)
    ]
    seen = _told(lambda report: ignore.apply(report, accepted, today)[0], console)
    report = _scanned(engine, arguments, environment, seen)
    report, notes = ignore.apply(report, accepted, today)
    (report,) = as_seen([report], known.asked)
    for note in notes:
        console.warn(f"{foreign(arguments.ignore_file or ignore.NAME)}, {note}")
    context = context_of(environment)
    unwritten = write_files(
        arguments.report, lambda file: render(file.format, report, context), console
    )
    sys.stdout.write(render(form, report, context))
    sys.stdout.flush()
    if form != "text":  # which says so itself
        for alike in together(report.skipped):
            console.warn(alike.told)
    if report.verdict is Verdict.UNKNOWN:
        if unsought([report], known.asked):
            raise nothing_sought()
        raise UsageError(
            "Nothing could be read, so nothing is known.",
            fix="Check the paths, and whether this user may read what they lead to.",
        )
    return 11 if report.verdict is Verdict.LEAKED else unwritten


def _told(left: Callable[[Report], Report], console: Console) -> Callable[[Report], None]:
    """Warns of each place that is left of a report, once."""

    def warn(report: Report) -> None:
        from ci_secrets.leaks.formats.text import headline

        for finding in left(report).findings:
            console.warn(headline(finding))

    return warn


def _scanned(
    engine: "Engine",
    arguments: argparse.Namespace,
    environment: Mapping[str, str],
    on_pause: Callable[[Report], None],
) -> Report:
    from ci_secrets.cli.progress import Progress
    from ci_secrets.leaks.input.follow import followed, until_signal
    from ci_secrets.leaks.scan import scan_paths, scan_sources

    if not arguments.follow:
        with Progress(sys.stderr, environment) as progress:
            return scan_paths(engine, arguments.paths, sys.stdin.buffer, on_progress=progress)
    if len(arguments.paths) > 1:
        raise UsageError("--follow takes one file, or - for standard input.")
    with until_signal() as stop:
        sources = followed(arguments.paths[0], sys.stdin.buffer, stop)
        return scan_sources(engine, sources, on_pause=on_pause)


def _accepted(
    arguments: argparse.Namespace, environment: Mapping[str, str], console: Console, today: date
) -> "tuple[Entry, ...]":
    """What the file accepts: that which is named, else that of the current directory, if any.

    On an event where the repository's content must not be trusted only a named one is read.
    """
    from ci_secrets.leaks import ignore

    if arguments.ignore_file:
        return ignore.read(arguments.ignore_file, today)
    if not look(ignore.NAME).found:
        return ()
    from ci_secrets import platforms

    asked = wanted(arguments)
    untrusted = platforms.detect(environment, asked.platform, asked.identity).untrusted_event()
    if untrusted:
        console.warn(f"{ignore.NAME} is not read on this event: {foreign(untrusted)}.")
        return ()
    return ignore.read(Path(ignore.NAME), today)
