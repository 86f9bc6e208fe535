"""`ci-secrets demo`, the first thing that anybody runs."""

import os
import re
import subprocess
from pathlib import Path

from tests import patience
from tests.stories.story import TOOL

STORY = (
    r"iss +http://127\.0\.0\.1:\d+",  # the token that was minted, its claims
    r"repository +shop/web",
    r"logged in to vault as deploy",
    r"3 secrets: .* 1 leased until",
    r"^debug: \*\*\*$",  # base64 twice, in the live log
    r"✔ deployed",
    r"verdict: contained",
    r"API_KEY as base64 of base64",
    r"revoked, proven: 1 token and 1 lease",
    r"the trail is whole",
)
"""In this order."""


def test_it_tells_the_whole_story_and_leaves_nothing(tmp_path: Path) -> None:
    """Within a screen, without a CI, a store or a network; no file stays, not in HOME either."""
    places = {name: tmp_path / name.lower() for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR")}
    for place in places.values():
        place.mkdir(mode=0o700)
    done = subprocess.run(
        [TOOL, "demo"],
        cwd=places["HOME"],
        env={"PATH": os.environ["PATH"], **{name: str(path) for name, path in places.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=patience.SECONDS,
    )
    told = done.stdout.decode()
    assert done.returncode == 0, told
    assert len(told.splitlines()) <= 30
    assert [it for place in places.values() for it in place.rglob("*")] == []
    rest = told
    for part in STORY:
        found = re.search(part, rest, re.MULTILINE)
        assert found, (part, told)
        rest = rest[found.end() :]
