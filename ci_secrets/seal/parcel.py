"""A sealed text that is handed from job to job: header and frame of a state, in no file."""

import json
from collections.abc import Mapping
from typing import Any

from ci_secrets.errors import NotClosedError
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.seal.box import HEADER_LIMIT, Header, Keys, damaged_header


def pack(run: Run, key: StateKey, payload: Mapping[str, Any]) -> bytes:
    """Seal JSON types for whoever has the key; which run it is of stands in clear before it."""
    header = Header.fresh(run)
    text = json.dumps(payload, separators=(",", ":")).encode()
    return header.line + Keys(key, header.salt).seal(text, header.line)


def unpack(parcel: bytes, key: StateKey) -> tuple[Run, dict[str, Any]]:
    """Whose it is, and what was sealed. Raises `NotClosedError` for what was changed."""
    line, newline, frame = parcel.partition(b"\n")
    header = Header.read(line + newline) if len(line) < HEADER_LIMIT else None
    if header is None:
        raise damaged_header()
    payload = json.loads(Keys(key, header.salt).open(frame, header.line))
    if not isinstance(payload, dict):
        raise NotClosedError("What was sealed is of another version.")
    return header.run, payload
