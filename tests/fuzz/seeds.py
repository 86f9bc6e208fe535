"""Inputs that a fuzzer begins with: known values as the engine spells them, and forms in forms."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ci_secrets.leaks.forms import FORMS, WHOLE, Speller
from ci_secrets.leaks.forms.packed import MAGIC
from ci_secrets.leaks.matcher import Engine
from tests.data.corpus import cases
from tests.data.corpus.python import WAYS
from tests.fuzz.properties import SEED

MAX: Final = 4096
"""Bytes of an input."""
_EACH: Final = 2
"""Spellings of a value in each disguise."""
_HINTS: Final = 16
"""Hints of a form in one input."""


def write(engine: Engine, folder: Path) -> int:
    """Write them as files, and say how many."""
    rng = random.Random(SEED)  # noqa: S311
    count = 0
    for count, text in enumerate(_texts(engine), start=1):
        (folder / f"{count:05}").write_bytes(rng.randbytes(2) + text[: MAX - 2])
    return count


def _texts(engine: Engine) -> Iterator[bytes]:
    yield from MAGIC
    whole = [one.parts[0].text for one in engine.spelled]
    for chain in WHOLE:
        for text in whole:
            for spelled in list(Speller([text]).spell(chain))[:_EACH]:
                yield b"left" + spelled + b"right\nnext line\n"
    for form in FORMS.values():
        if form.hint:
            yield from (b"\n".join(list(form.hint(text))[:_HINTS]) for text in whole)
    yield from (case.text for case in cases(SEED, ways=WAYS) if len(case.text) < MAX)
