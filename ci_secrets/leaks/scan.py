"""Looks for known values, in every form, in text that is there already."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import IO

from ci_secrets.leaks import ready
from ci_secrets.leaks.findings import Coverage, Finding, Report, combine
from ci_secrets.leaks.input import Source, Target, opened, targets
from ci_secrets.leaks.input.paths import STDIN
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.leaks.workers import scanned, shares

Pause = Callable[[Report], None]
"""Told what was found so far."""


def scan_stream(
    engine: Engine, chunks: Iterable[bytes], name: str, *, on_pause: Pause | None = None
) -> Report:
    """Scan one text. Its coverage is `complete`: the caller knows where it is not.

    How the text is cut into chunks changes nothing. Memory does not grow with the text. At an
    empty chunk `on_pause` is told what was found by then.
    """
    began = time.perf_counter()
    scanner = Scanner(engine)
    for chunk in chunks:
        scanner.feed(chunk)
        if on_pause and not chunk:
            on_pause(scanner.so_far().report(name))
    scanner.finish()
    return replace(scanner.report(name), seconds=time.perf_counter() - began)


def scan_paths(
    engine: Engine,
    paths: Iterable[str | Path],
    stdin: IO[bytes] | None = None,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Scan files, directories, packed files, zip archives and, for `-`, standard input.

    A member of an archive is named `logs.zip!/1_build.txt`; the names of the files in a directory
    are a text under its own name. What cannot be read has coverage `none`, what breaks off
    `tail-missing`. `on_progress` is told bytes on the disk: those that are
    done, and all. Many files are scanned by several processes, which changes nothing in the
    report. Raises `UsageError` where a path does not exist.
    """
    began = time.perf_counter()
    every = list(targets(paths))
    total, done = sum(target.size for target in every), 0
    engine.expect(total)  # NOTE: before there are several processes
    ready.wait()

    def tick(count: int) -> None:
        nonlocal done
        done += count
        on_progress(done, total)

    files = [target for target in every if target.name != STDIN]
    found: dict[Target, Report] = {}
    for at, report in scanned(lambda file: _scan_target(engine, file), files, shares(files)):
        found[files[at]] = report
        tick(files[at].size)
    reports = [found.get(target) or _scan_target(engine, target, stdin, tick) for target in every]
    whole = combine([Report(skipped=engine.skipped), *reports, *_of_names(engine, every)])
    return replace(whole, seconds=time.perf_counter() - began)


def _of_names(engine: Engine, every: Iterable[Target]) -> Iterator[Report]:
    """What stands in the names below each folder, a line each.

    The folder's own path is that of whoever asks, and no text that is looked at.
    """
    for top, found in groupby(every, key=attrgetter("below")):
        if top:
            start = f"{top.rstrip('/')}/"
            names = "".join(f"{target.name.removeprefix(start)}\n" for target in found)
            report = scan_stream(engine, [names.encode("utf-8", "surrogateescape")], top)
            yield replace(report, coverage=(), bytes=0, lines=0)


def scan_sources(
    engine: Engine, sources: Iterable[Source], *, on_pause: Pause | None = None
) -> Report:
    """Scan texts that are opened one after another. Places are those of the original bytes.

    `on_pause` is told what was found so far in a text that goes on, wherever it pauses.
    """
    reports = []
    for source in sources:
        pause = partial(_paused, on_pause, source) if on_pause else None
        report = scan_stream(engine, source.chunks(), source.name, on_pause=pause)
        (entry,) = report.coverage
        reports.append(
            replace(
                _placed(report, source),
                coverage=(Coverage(source=entry.source, state=source.state),),
                bytes=source.bytes,
            )
        )
    every = combine(reports)
    # NOTE: of a damaged archive the raw bytes are a text, too: one source, one entry
    return replace(every, coverage=tuple(dict.fromkeys(every.coverage)))


def _paused(on_pause: Pause, source: Source, report: Report) -> None:
    on_pause(_placed(report, source))


def _scan_target(
    engine: Engine,
    target: Target,
    stdin: IO[bytes] | None = None,
    tick: Callable[[int], None] = lambda _: None,
) -> Report:
    return scan_sources(engine, opened(target, stdin or sys.stdin.buffer, tick))


def _placed(report: Report, source: Source) -> Report:
    """With the places of the original bytes."""
    return replace(report, findings=tuple(_moved(one, source) for one in report.findings))


def _moved(finding: Finding, source: Source) -> Finding:
    line, column = source.place(finding.line, finding.column)
    end_line, end_column = source.place(finding.end_line, finding.end_column)
    return replace(finding, line=line, column=column, end_line=end_line, end_column=end_column)
