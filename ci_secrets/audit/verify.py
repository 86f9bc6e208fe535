"""Whether a trail is whole: nothing edited, removed, inserted, moved or cut off."""

from dataclasses import dataclass, field
from pathlib import Path

from ci_secrets.audit.file import LINE_LIMIT, lines
from ci_secrets.audit.links import Links
from ci_secrets.audit.record import BEGINNING, START, Head, Line, Record, decode, is_finished
from ci_secrets.errors import AuditBrokenError
from ci_secrets.platforms.interface import Run
from ci_secrets.text import foreign

_SHOWN = 100
_IN_A_ROW = 100
"""Crashes of which none gave the next record time to be written; more are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What a trail looks like."""

    records: int
    runs: int
    """Openings: `exchange … finish`, and each `exec`, is one."""
    problems: tuple[str, ...]
    """A sentence each, with line numbers; empty where the trail is whole. At most 100 and a sum."""
    unclosed: tuple[str, ...]
    """A sentence for each run without an end: it still runs, was killed, or its end was cut off.
    Only a head tells the last from the others, so they are no problems. At most 100 and a sum."""
    torn: tuple[int, ...]
    """Lines (1-based) that a crash left unfinished; no problem by themselves."""

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(path: Path, *, head: str | None = None, key: bytes | None = None) -> Verified:
    """Read a trail from end to end, in time proportional to its length.

    `head`: what a run printed at its end, with or without its count; without it, nothing tells
    whether records were cut off the end of the file. `key`: the operator's, where the trail has
    one. Raises `AuditBrokenError` where the file cannot be read, and `UsageError` for no head.
    """
    reading = _Reading(links=Links(key), head=None if head is None else Head.read(head))
    try:
        with lines(path) as found:
            for line in found:
                reading.take(line)
    except OSError as error:
        raise AuditBrokenError(
            f"The audit trail {foreign(path)} cannot be read: {error.strerror}.",
            cause="It was removed, is not a regular file, or belongs to another user.",
            fix="Name the file that `audit: {file: …}` or --audit-file names.",
        ) from None
    return reading.end()


@dataclass(kw_only=True, slots=True)
class _Opening:
    run: Run
    first: int
    records: int = 0
    closed: bool = False


@dataclass(kw_only=True, slots=True)
class _Garbage:
    """A line that is no record, until the next record tells whether it is one that was torn."""

    line: int
    length: int
    """Bytes, without the line end, which the next record brought where the line was torn."""
    may_be_torn: bool
    """By its beginning and its end."""

    @classmethod
    def of(cls, number: int, piece: bytes) -> "_Garbage":
        text = piece.removesuffix(b"\n")
        begins = bool(text) and text.startswith(BEGINNING[: len(text)])
        return cls(line=number, length=len(text), may_be_torn=begins and not is_finished(piece))

    def torn(self) -> bool:
        return self.may_be_torn and self.length <= LINE_LIMIT


@dataclass(kw_only=True, slots=True)
class _Reading:
    """Where we are in the file, and what was wrong so far."""

    links: Links
    head: Head | None
    line: int = 0
    within: bool = False
    """Whether the last piece ended before its line did."""
    records: int = 0
    prev: str = START
    seq: int = 0
    head_seen: bool = False
    other_link: bool = False
    openings: dict[str, _Opening] = field(default_factory=dict)
    garbage: list[_Garbage] = field(default_factory=list)
    """Lines since the last record."""
    problems: list[str] = field(default_factory=list)
    unshown: int = 0
    torn: list[int] = field(default_factory=list)

    def take(self, piece: bytes) -> None:
        """Look at the next line, or the next piece of one that is too long to be a record."""
        continued, self.within = self.within, not piece.endswith(b"\n")
        if continued:
            if self.garbage:
                self.garbage[-1].length += len(piece.removesuffix(b"\n"))
            return
        self.line += 1
        found = decode(piece, self.links)
        if found is not None:
            self._settle_garbage(noted_bytes=found.record.torn)
            self._take_record(found)
            return
        if len(self.garbage) >= _IN_A_ROW:
            self._settle_garbage(noted_bytes=0)
        self.garbage.append(_Garbage.of(self.line, piece))

    def end(self) -> Verified:
        """The result, once all lines were taken."""
        # No record came yet that could note what stands at the end.
        self._settle_garbage(noted_bytes=_length(self.garbage))
        if self.head is not None and not self.head_seen:
            self._problem("the head is not in the trail: its end was cut off, or it was rewritten")
        unclosed = [
            f"line {opening.first}: {_name(opening.run)} was opened and not closed: it still runs, "
            "was killed, or its end was cut off"
            for opening in self.openings.values()
            if not opening.closed
        ]
        return Verified(
            records=self.records,
            runs=len(self.openings),
            problems=(*self.problems, *_more(self.unshown)),
            unclosed=(*unclosed[:_SHOWN], *_more(len(unclosed) - _SHOWN)),
            torn=tuple(self.torn),
        )

    def _take_record(self, found: Line) -> None:
        if found.link != self.links.name and not self.other_link:
            self.other_link = True
            self._problem(
                f"line {self.line} is bound by {foreign(found.link, 20)}, and was checked by "
                f"{self.links.name}: is the operator's key given, and the right one?"
            )
        elif found.link == self.links.name and not found.sound:
            self._problem(f"line {self.line} was edited, or is bound by another key")
        self._follow(found.record)
        self.prev, self.seq = found.digest, found.record.seq
        self.records += 1
        self._count(found.record)
        if self.head is not None and found.digest == self.head.digest:
            self.head_seen = True
            self._check_head(self.head, found.record)

    def _follow(self, record: Record) -> None:
        if record.prev == self.prev and record.seq == self.seq + 1:
            return
        missing = record.seq - self.seq - 1
        if missing > 0:
            self._problem(f"before line {self.line}, {missing} record(s) were removed or moved")
        elif missing < 0:
            self._problem(f"line {self.line} was moved or inserted")
        else:
            self._problem(f"line {self.line} does not follow the record before it")

    def _count(self, record: Record) -> None:
        fresh = _Opening(run=record.run, first=self.line)
        opening = self.openings.setdefault(record.opening, fresh)
        opening.records += 1
        if opening.closed:
            self._problem(f"line {self.line}: {_name(record.run)} goes on after it was closed")
        elif record.event == "closed":
            opening.closed = True
            count = record.facts.get("count")
            if count != opening.records:
                self._problem(
                    f"line {self.line}: {_name(record.run)} wrote {foreign(count, 20)} records, "
                    f"and {opening.records} are here"
                )

    def _check_head(self, head: Head, record: Record) -> None:
        """Where the head came with a count: it is that of the run which it ended."""
        count = record.facts.get("count")
        if head.count and record.event != "closed":
            self._problem(f"the head is in line {self.line}, which ends no run")
        elif head.count and count != head.count:
            self._problem(
                f"the head is in line {self.line}, and is that of {foreign(count, 20)} records, "
                f"not of {head.count}"
            )

    def _settle_garbage(self, *, noted_bytes: int) -> None:
        """Tell the lines before: torn, if they are as long as was noted, else a problem."""
        garbage, self.garbage = self.garbage, []
        noted = noted_bytes == _length(garbage)
        for each in garbage:
            if noted and each.torn():
                self.torn.append(each.line)
            else:
                self._problem(f"line {each.line} is no record")

    def _problem(self, text: str) -> None:
        if len(self.problems) < _SHOWN:
            self.problems.append(text)
        else:
            self.unshown += 1


def _length(garbage: list[_Garbage]) -> int:
    """Bytes of these lines and of the line ends between them."""
    return sum(each.length for each in garbage) + max(0, len(garbage) - 1)


def _more(count: int) -> list[str]:
    return [f"and {count} more"] if count > 0 else []


def _name(run: Run) -> str:
    parts = [part for part in (run.platform, run.run, run.attempt, run.job) if part]
    return f"run {foreign('/'.join(parts), 100)}"
