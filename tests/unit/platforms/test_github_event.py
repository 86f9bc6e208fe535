"""Whose content does a GitHub job work on?"""

import json
import os
from pathlib import Path

import pytest

from ci_secrets.platforms import github_event
from ci_secrets.platforms.github import GitHub

OURS = {"pull_request": {"head": {"repo": {"full_name": "octo/app"}}}}
FORK = {"pull_request": {"head": {"repo": {"full_name": "evil/app"}}}}
GONE = {"pull_request": {"head": {"repo": None}}}


def reason(tmp_path: Path, name: str, payload: object) -> str | None:
    """Why the event is not trusted."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(payload))
    environment = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(event)}
    return GitHub(environment | {"GITHUB_REPOSITORY": "octo/app"}).untrusted_event()


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("push", {}),
        ("schedule", {}),
        ("workflow_dispatch", {"inputs": {"pull_request": "1"}}),
        ("merge_group", {}),
        ("pull_request", OURS),
        ("pull_request_review", OURS),
        ("issue_comment", {"issue": {"number": 1}}),
    ],
)
def test_our_own_content_is_trusted(tmp_path: Path, name: str, payload: object) -> None:
    """Pushes, schedules, pull requests from branches of this repository."""
    assert reason(tmp_path, name, payload) is None


@pytest.mark.parametrize(
    ("name", "payload", "says"),
    [
        ("pull_request_target", OURS, "pull_request_target"),
        ("workflow_run", {}, "workflow_run"),
        ("pull_request", FORK, "pull_request from a fork (evil/app)"),
        ("pull_request", GONE, "pull_request from a fork (deleted)"),
        ("pull_request_review_comment", FORK, "from a fork (evil/app)"),
        ("issue_comment", {"issue": {"pull_request": {"url": "x"}}}, "issue_comment"),
    ],
)
def test_a_strangers_content_is_not(tmp_path: Path, name: str, payload: object, says: str) -> None:
    """A comment on a pull request is there because bots check its code out."""
    assert says in (reason(tmp_path, name, payload) or "")


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        7,
        {},
        {"pull_request": []},
        {"pull_request": {"head": 1}},
        {"pull_request": {"head": {"repo": []}}},
        {"pull_request": {"head": {"repo": {}}}},
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["pull_request", "issue_comment"])
def test_an_event_that_cannot_be_understood_is_not_trusted(
    tmp_path: Path, name: str, payload: object
) -> None:
    """Where it could have been a stranger's."""
    assert reason(tmp_path, name, payload)


def test_foreign_names_are_shown_harmless(tmp_path: Path) -> None:
    """They come from outside."""
    payload = {"pull_request": {"head": {"repo": {"full_name": "a\n::error::b"}}}}
    assert "\n" not in (reason(tmp_path, "pull_request", payload) or "")


def huge(path: Path) -> None:
    """More than GitHub ever sends."""
    path.write_bytes(b" " * github_event.MAX_EVENT_BYTES + json.dumps(OURS).encode())


def deep(path: Path) -> None:
    """Nested beyond Python's stack."""
    path.write_bytes(b"[" * 100_000)


def pipe(path: Path) -> None:
    """A FIFO, which would hold us up."""
    os.mkfifo(path)


def link(path: Path) -> None:
    """A link that somebody put there."""
    path.with_name("other").write_text(json.dumps(OURS))
    path.symlink_to("other")


def missing(_: Path) -> None:
    """Nothing."""


@pytest.mark.parametrize("make", [huge, deep, pipe, link, missing], ids=lambda it: it.__name__)
def test_a_file_that_is_no_event_is_read_safely(tmp_path: Path, make: object) -> None:
    """And tells nothing, so the pull request is not trusted."""
    assert callable(make)
    make(tmp_path / "event.json")
    environment = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": "octo/app",
    }
    assert github_event.untrusted(environment) == "pull_request whose origin cannot be told"
