"""`ci-secrets redact` as a process in a pipe."""

import base64
import bz2
import json
import subprocess
import sys
from pathlib import Path

import pytest

VALUE = "made-up-q8Zk2vX0-value"


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The words that start it with one known value."""
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"PW": VALUE}))
    return [sys.executable, "-I", "-m", "ci_secrets", "redact", "--known", str(known)]


def test_a_prompt_is_shown_at_once_and_a_value_never(words: list[str]) -> None:
    """While stdin pauses, what need not wait is written."""
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"name: mad")
        process.stdin.flush()
        assert process.stdout.read(9) == b"name: mad"
        process.stdin.write(VALUE[3:].encode())
        process.stdin.close()
        assert process.stdout.read() == b"***"
    assert process.returncode == 0


def test_what_only_a_scan_sees_is_said_without_the_value(words: list[str]) -> None:
    """On stderr, with name and disguise; the exit code stays 0."""
    text = f"export TOKEN='{VALUE}'; echo {VALUE[::-1]} {VALUE.upper()} {VALUE}\n" * 3
    packed = base64.b64encode(bz2.compress(text.encode()))
    done = subprocess.run(words, input=packed, capture_output=True, check=True)
    assert done.stdout == packed
    assert b"not redacted: PW as base64 of bzip2" in done.stderr
    assert VALUE.encode() not in done.stderr


def test_a_note_says_what_it_is_about(tmp_path: Path) -> None:
    """A value of which some fields are found only with the whole is looked for, and told so."""
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"DB": json.dumps({"host": "db", "password": VALUE})}))
    words = [sys.executable, "-I", "-m", "ci_secrets", "redact", "--known", str(known)]
    done = subprocess.run(words, input=VALUE.encode(), capture_output=True, check=True)
    assert done.stdout == b"***"
    assert done.stderr.decode() == (
        "ci-secrets: warning: DB is not looked for in every form: 1 of its fields are words, "
        "names or ids: found only with the whole\n"
    )
