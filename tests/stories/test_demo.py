"""`ci-secrets demo`, the first thing that anybody runs."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

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


def _places(folder: Path) -> dict[str, Path]:
    """Where a program may leave something, all empty: variable → directory."""
    places = {name: folder / name.lower() for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR")}
    for place in places.values():
        place.mkdir(mode=0o700)
    return places


def _environment(places: dict[str, Path]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **{name: str(path) for name, path in places.items()}}


def test_it_tells_the_whole_story_and_leaves_nothing(tmp_path: Path) -> None:
    """Within a screen, without a CI, a store or a network; no file stays, not in HOME either."""
    places = _places(tmp_path)
    done = subprocess.run(
        [TOOL, "demo"],
        cwd=places["HOME"],
        env=_environment(places),
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


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("step", ["1. ", "3. "])
def test_a_demo_that_is_ended_leaves_nothing(tmp_path: Path, step: str, signum: int) -> None:
    """What it has started closes its run and ends before it; no file stays."""
    places = _places(tmp_path)
    with subprocess.Popen(
        [TOOL, "demo"],
        cwd=places["HOME"],
        env=_environment(places),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        while not process.stdout.readline().decode().startswith(step):
            assert process.poll() is None
        process.send_signal(signum)
        told, _ = process.communicate(timeout=patience.SECONDS)
    assert process.returncode == 128 + signum, told
    assert f"ci-secrets: stopped by {signal.Signals(signum).name}\n".encode() in told
    assert b"::error" not in told
    assert [it for place in places.values() for it in place.rglob("*")] == []
