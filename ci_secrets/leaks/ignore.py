"""`.ci-secrets-ignore`: findings that somebody has accepted, each with a reason and a last day.

    # a key that was revoked on 2026-11-20; the log stays as it is
    5f1d3c…32 digits…  until=2027-01-31  rotated, see OPS-412

The file names findings by their fingerprint, which every report shows.
"""

import os
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ci_secrets.errors import ConfigError
from ci_secrets.leaks.findings import Accepted, Report
from ci_secrets.text import foreign

NAME: Final = ".ci-secrets-ignore"
MAX_BYTES: Final = 1024 * 1024
MAX_DAYS: Final = 366
"""How far ahead a last day may lie: what is accepted is looked at again once a year."""
_ENTRY: Final = re.compile(r"(?P<fingerprint>\S+)\s+(?P<until>\S+)(?:\s+(?P<reason>\S.*))?")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{32}")
_UNTIL: Final = re.compile(r"until=([0-9]{4}-[0-9]{2}-[0-9]{2})")
_EXAMPLE: Final = "FINGERPRINT until=YYYY-MM-DD why it may stay"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One accepted finding."""

    line: int
    """1-based, in the file."""
    fingerprint: str
    until: date
    """The last day on which it does not count."""
    reason: str


def read(path: Path, today: date) -> tuple[Entry, ...]:
    """The entries of a file. Raises `ConfigError` with the line that cannot be used."""
    try:
        # NOTE: a pipe would be waited for
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = foreign(error.strerror or "it cannot be opened")
        raise ConfigError(f"{foreign(path)} cannot be read: {why}.") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{foreign(path)} is larger than {MAX_BYTES // 1024} KiB.")
    return parse(data, today, str(path))


def parse(data: bytes, today: date, name: str = NAME) -> tuple[Entry, ...]:
    """The entries, in their order. Raises `ConfigError` with the line that cannot be used."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        text = line.decode("utf-8", "replace").strip()
        if not text or text.startswith("#"):
            continue
        entry, why = _entry(number, text, today)
        if entry and entry.fingerprint in entries:
            why = f"the fingerprint stands in line {entries[entry.fingerprint].line} already"
        if entry is None or why:
            raise ConfigError(f"{foreign(name)}:{number}: {why}.", fix=_EXAMPLE)
        entries[entry.fingerprint] = entry
    return tuple(entries.values())


def _entry(number: int, text: str, today: date) -> tuple[Entry | None, str]:
    """What a line says, or why it cannot be used; not with the line's words."""
    found = _ENTRY.fullmatch(text)
    if not found or not _FINGERPRINT.fullmatch(found["fingerprint"]):
        return None, "a line is a fingerprint of 32 digits 0-9a-f, a last day and a reason"
    until = _day(found["until"])
    if until is None:
        return None, "after the fingerprint comes the last day, as until=YYYY-MM-DD"
    if until > today + timedelta(days=MAX_DAYS):
        return None, f"the last day lies more than {MAX_DAYS} days ahead"
    if not found["reason"]:
        return None, "there is no reason"
    fields = {"fingerprint": found["fingerprint"], "reason": found["reason"]}
    return Entry(line=number, until=until, **fields), ""


def _day(text: str) -> date | None:
    found = _UNTIL.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def apply(report: Report, entries: Sequence[Entry], today: date) -> tuple[Report, list[str]]:
    """The report with accepted findings put aside, and a sentence on each entry that does nothing.

    An entry that is over accepts nothing: its finding counts again.
    """
    by_fingerprint = {entry.fingerprint: entry for entry in entries}
    accepted: list[Accepted] = []
    counted = []
    for finding in report.findings:
        entry = by_fingerprint.get(finding.fingerprint)
        if entry is None or entry.until < today:
            counted.append(finding)
        else:
            accepted.append(Accepted(finding=finding, reason=entry.reason, until=entry.until))
    seen = {finding.fingerprint for finding in report.findings}
    notes = [note for entry in entries if (note := _idle(entry, seen, today))]
    return replace(report, findings=tuple(counted), accepted=tuple(accepted)), notes


def _idle(entry: Entry, seen: Container[str], today: date) -> str:
    """Why an entry does nothing; empty where it does something."""
    if entry.fingerprint not in seen:
        return f"line {entry.line}: nothing with this fingerprint was found"
    if entry.until < today:
        return f"line {entry.line}: accepted until {entry.until}, so it counts again"
    return ""
