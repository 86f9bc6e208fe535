"""`python -m tests.fuzz`: a bounded run of a coverage-guided fuzzer; `make fuzz`.

Further words are options of libFuzzer, as `-max_total_time=3600`, or files to try again.
"""

import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ci-secrets/fuzz"
"""Where an input stays that broke something; the run prints its name."""
SECONDS: Final = 60
SEED: Final = 1
"""Of what the fuzzer tries; `-seed=0` takes another each time."""


def main() -> None:
    """Fuzz until the time is over, or something breaks."""
    if importlib.util.find_spec("atheris") is None:
        print("not fuzzed: atheris has no wheel for this Python")
        return
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["ci_secrets.leaks"]):
        from tests.fuzz import properties, seeds
    CACHE.mkdir(parents=True, exist_ok=True)
    known = properties.engine()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{seeds.write(known, Path(folder))} seeds")
        options = [f"-max_total_time={SECONDS}", f"-max_len={seeds.MAX}", "-timeout=20"]
        options.append(f"-seed={SEED}")
        given = sys.argv[1:]
        if all(word.startswith("-") for word in given):
            given.append(folder)
        words = [sys.argv[0], *options, f"-artifact_prefix={CACHE}/", *given]
        atheris.Setup(words, lambda data: properties.hold(known, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
