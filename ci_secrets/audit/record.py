"""One line of the trail: what it holds, and how it is bound to the line before.

A line is a JSON object whose last member is `hash`: the digest of the very bytes of the line
without that member. So nothing has to be put in a canonical form to be checked.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from ci_secrets.audit.file import LINE_LIMIT
from ci_secrets.audit.links import Links
from ci_secrets.errors import UsageError
from ci_secrets.platforms.interface import Run

START: Final = "0" * 64
"""`prev` of the first record."""
BEGINNING: Final = b'{"version":1,"time":"'
"""Of every record; a line that a crash cut off has it too, or a part of it."""
_TEXT_CAP = 500
_ITEMS_CAP = 200
_PRINTED = re.compile(r"([0-9a-f]{64})(?:\s+\(([0-9]{1,9}) records?\))?")
_HASH = re.compile(rb',"hash":"([0-9a-f]{64})"\}\n')


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Where a trail ends: to be printed where the holder of the file cannot change it."""

    count: int
    """Records that this run wrote, the `closed` one included."""
    digest: str
    """The hash of the last one, for `audit verify --head`; empty where nothing was written."""

    @property
    def printed(self) -> str:
        """The digest and the count, for log and summary; empty where no trail is kept."""
        return f"{self.digest} ({self.count} records)" if self.digest else ""

    @classmethod
    def read(cls, printed: str) -> "Head":
        """What a log shows, or the digest alone (then `count` is 0). Raises `UsageError`."""
        found = _PRINTED.fullmatch(printed.strip().lower())
        if found is None:
            raise UsageError(
                "What --head was given is no head.",
                cause="A head is 64 hexadecimal digits, and may be followed by `(N records)`.",
                fix="Copy it whole, from the line `audit head:` of the job's log or its summary.",
            )
        return cls(count=int(found[2] or 0), digest=found[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One event."""

    seq: int
    """Its number in the file, from 1."""
    opening: str
    """Random; tells apart the runs that share a file, and the steps of one job."""
    run: Run
    event: str
    facts: Mapping[str, Any]
    torn: int = 0
    """Bytes that crashes left just before this record: of each unfinished line, and the line ends
    between them."""
    prev: str
    """The hash of the record before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A record as it was read."""

    record: Record
    digest: str
    """The hash that the line claims; the next record's `prev`."""
    link: str
    """What the line says it is bound by, see `Links.name`."""
    sound: bool
    """Whether the hash is that of the line."""


def encode(record: Record, links: Links) -> tuple[bytes, str]:
    """The line, with its end, and its hash. The facts went through `plain` before."""
    members = {
        "version": 1,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "seq": record.seq,
        "opening": record.opening,
        "run": plain(asdict(record.run)),
        "event": record.event,
        "facts": record.facts,
        "link": links.name,
        "prev": record.prev,
    }
    if record.torn:
        members["torn"] = record.torn
    text = json.dumps(members, separators=(",", ":"), allow_nan=False)
    if len(text) > LINE_LIMIT // 2:
        return encode(replace(record, facts={"too_large": len(text)}), links)
    # In ASCII and on one line a foreign text forges no record and drives no terminal; broken up
    # like this it gives no runner a command either (`##[…`, `##vso[…`) when the file is printed.
    body = text.replace("##", "#\\u0023").encode()
    digest = links.digest(body)
    return b'%b,"hash":"%b"}\n' % (body[:-1], digest.encode()), digest


def is_finished(line: bytes) -> bool:
    """Whether a line ends as records do; one that a crash cut off does not."""
    return _hash_of(line) is not None


def decode(line: bytes, links: Links | None = None) -> Line | None:
    """What a line says; `None` if it is no record. Without `links` its hash is not checked."""
    end = _hash_of(line)
    if end is None:
        return None
    body, digest = line[: end.start()] + b"}", end.group(1).decode()
    try:
        members = json.loads(body)
        record, link = _record(members), str(members["link"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    sound = links is not None and hmac.compare_digest(links.digest(body), digest)
    return Line(record=record, digest=digest, link=link, sound=sound)


def _hash_of(line: bytes) -> re.Match[bytes] | None:
    end = _HASH.search(line, max(0, len(line) - 80))
    return end if end and end.end() == len(line) else None


def plain(fact: object) -> object:
    """A fact as capped JSON types. Raises `TypeError` for a `Secret`, bytes and all else."""
    match fact:
        case None | bool() | int() | float():
            return fact
        case str():
            return fact if len(fact) <= _TEXT_CAP else fact[: _TEXT_CAP - 1] + "…"
        case Mapping():
            if not all(isinstance(name, str) for name in fact):
                raise TypeError("the name of an audit fact is no text")
            return {str(plain(name)): plain(value) for name, value in fact.items()}
        case list() | tuple():
            kept = [plain(item) for item in fact[:_ITEMS_CAP]]
            more = len(fact) - len(kept)
            return [*kept, f"… {more} more"] if more else kept
        case _:
            raise TypeError(f"a {type(fact).__name__} does not go into the audit trail")


def _record(members: dict[str, Any]) -> Record:
    run = members["run"]
    if members["version"] != 1 or not isinstance(members["facts"], dict):
        raise ValueError("another version wrote it")
    names = [members["opening"], members["event"], members["prev"], *run.values()]
    seq, torn = members["seq"], members.get("torn", 0)
    if (
        not all(type(name) is str for name in names)
        or type(seq) is not int
        or type(torn) is not int
    ):
        raise TypeError("a member has another type")
    if not 0 < seq < 1 << 63:
        raise ValueError("no number of a record")
    return Record(
        seq=seq,
        opening=members["opening"],
        run=Run(**run),
        event=members["event"],
        facts=members["facts"],
        torn=torn,
        prev=members["prev"],
    )
