"""Logs to measure on: made from a seed, at any size, and kept in the user's cache."""

import json
import os
import random
import string
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ci-secrets/bench"
MB: Final = 1_000_000
_ALNUM: Final = string.ascii_letters + string.digits
_BLOCK: Final = 20_000
"""Lines that are made at once."""
_WORDS: Final = (  # noqa: SIM905
    "the build of target resolved dependency cached layer running step with warning deprecated "
    "option using default value for module compiled successfully in seconds test passed skipped "
    "downloading package from mirror unpacking archive into directory linking object files done "
    "connecting to database migration applied schema version service started listening on port "
    "request completed status response size bytes client retry attempt timeout cleanup finished"
).split()
_COLOURS: Final = ("\x1b[32m", "\x1b[1;31m", "\x1b[36;1m", "\x1b[33m", "\x1b[38;5;214m")


def known_values(count: int = 20, seed: int = 1) -> dict[str, str]:
    """As many values of 40 letters and digits, by name."""
    rng = random.Random(seed)  # noqa: S311  # NOTE: has to be the same at each run
    return {f"SECRET_{at}": "".join(rng.choices(_ALNUM, k=40)) for at in range(count)}


def synthetic(values: Mapping[str, str], megabytes: int, seed: int = 1) -> Path:
    """A CI log of so many MB in which each value stands once, half of them as base64."""
    path = CACHE / f"log-{seed}-{megabytes}.log"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            for block in _printed(values, megabytes * MB, random.Random(seed)):  # noqa: S311
                file.write(block)
        partial.rename(path)
    return path


def known_file(values: Mapping[str, str]) -> Path:
    """The values as `ci-secrets scan --known` reads them. They are made up."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / "known.json"
    path.write_text(json.dumps(values))
    return path


def _printed(values: Mapping[str, str], size: int, rng: random.Random) -> Iterator[bytes]:
    """Blocks of lines; a value is printed in every so many bytes, the last well before the end."""
    waiting = [
        value if at % 2 else b64encode(f"user:{value}@host".encode()).decode()
        for at, value in enumerate(values.values())
    ]
    every, done = size // (len(waiting) + 1), 0
    while done < size:
        lines = [_line(rng) for _ in range(_BLOCK)]
        if waiting and done >= every:
            every += size // (len(values) + 1)
            lines[rng.randrange(_BLOCK)] = f"+ curl -H 'Authorization: Basic {waiting.pop()}'"
        block = "\n".join(lines).encode() + b"\n"
        yield block[: size - done]
        done += len(block)


def _line(rng: random.Random) -> str:
    kind = rng.random()
    words = " ".join(rng.choices(_WORDS, k=rng.randint(5, 16)))
    if kind < 0.45:
        return words
    if kind < 0.55:
        return f"{words[:24]} {rng.getrandbits(256):064x}" if kind < 0.5 else _sha1(rng, words)
    if kind < 0.59:
        digest = b64encode(rng.randbytes(64)).decode()
        return f'      "integrity": "sha512-{digest}",'
    if kind < 0.69:
        return f"{rng.choice(_COLOURS)}{words[:40]}\x1b[0m {words[40:]}"
    if kind < 0.84:
        when = f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:"
        return f"{when}{rng.randint(0, 59):02}:{rng.random() * 60:010.7f}Z {words}"
    return _trace(rng)


def _sha1(rng: random.Random, words: str) -> str:
    return f"{words[:24]} {rng.getrandbits(160):040x} -> {rng.getrandbits(28):07x}"


def _trace(rng: random.Random) -> str:
    one, two, three = rng.choices(_WORDS, k=3)
    number = rng.randint(1, 2000)
    if number % 2:
        return f'  File "/usr/lib/python3/dist-packages/{one}/{two}.py", line {number}, in {three}'
    return f"    at com.example.{one}.{two.title()}.{three}({two.title()}.java:{number})"
