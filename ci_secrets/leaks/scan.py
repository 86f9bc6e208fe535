"""Looks for known values, in every form, in text that is there already."""

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO

from ci_secrets.leaks.findings import Coverage, Report, combine
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.unpack import sources


def scan_stream(engine: Engine, chunks: Iterable[bytes], name: str) -> Report:
    """Scan one text. Its coverage is `complete`: the caller knows where it is not.

    How the text is cut into chunks changes nothing. Memory does not grow with the text.
    """
    began = time.perf_counter()
    redactor = Redactor(engine)  # NOTE: the excerpts need the redacted text anyway
    for chunk in chunks:
        redactor.feed(chunk)
    redactor.finish()
    return replace(redactor.report(name), contained=False, seconds=time.perf_counter() - began)


def scan_paths(
    engine: Engine, paths: Iterable[str | Path], stdin: IO[bytes] | None = None
) -> Report:
    """Scan files, directories, gzip files, zip archives and, for `-`, standard input.

    A member of an archive is named `logs.zip!/1_build.txt`. What cannot be read has coverage
    `none`, what breaks off `tail-missing`. Raises `UsageError` where a path does not exist.
    """
    reports = [Report(skipped=engine.skipped)]
    for source in sources(paths, stdin or sys.stdin.buffer):
        report = scan_stream(engine, source.chunks(), source.name)
        (entry,) = report.coverage
        coverage = (Coverage(source=entry.source, state=source.state),)
        reports.append(replace(report, coverage=coverage))
    return combine(reports)
