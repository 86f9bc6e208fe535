"""The event that started a GitHub run: whose content is it that this job works on?"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ci_secrets.text import foreign

MAX_EVENT_BYTES: Final = 10 * 1024 * 1024
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

# Source: docs.github.com, "Events that trigger workflows"; GitHub Security Lab on "pwn requests".
_BESIDE_FORKS: Final = frozenset({"pull_request_target", "workflow_run"})
"""They run with the base's rights, and often check out what a stranger wrote."""
_OF_A_PULL_REQUEST: Final = frozenset(
    {"pull_request", "pull_request_review", "pull_request_review_comment"}
)


def untrusted(environment: Mapping[str, str]) -> str | None:
    """Why the checkout must not be trusted, in a few words; `None` where it may be."""
    name = environment.get("GITHUB_EVENT_NAME", "")
    if name in _BESIDE_FORKS:
        return name
    if name == "issue_comment":
        return _commented(_payload(environment))
    source = fork(environment)
    if source:
        return f"{foreign(name)} from a fork ({source})"
    if name in _OF_A_PULL_REQUEST and _head(_payload(environment)) is None:
        return f"{name} whose origin cannot be told"
    return None


def fork(environment: Mapping[str, str]) -> str | None:
    """The other repository that a pull request comes from, fit to be printed."""
    head = _head(_payload(environment))
    if head is None or head == environment.get("GITHUB_REPOSITORY"):
        return None
    return foreign(head)


def _commented(payload: Any) -> str | None:  # noqa: ANN401  # foreign JSON
    # Anybody may comment. On a plain issue there is no foreign code that could be checked out.
    issue = payload.get("issue") if isinstance(payload, dict) else None
    plain = isinstance(issue, dict) and not issue.get("pull_request")
    return None if plain else "issue_comment on a pull request"


def _head(payload: Any) -> str | None:  # noqa: ANN401
    """Repository of the pull request's head; `None` where the event has none or cannot be read."""
    request = payload.get("pull_request") if isinstance(payload, dict) else None
    head = request.get("head") if isinstance(request, dict) else None
    if not isinstance(head, dict):
        return None
    repository = head.get("repo")
    if repository is None:
        return "deleted"  # NOTE: GitHub says null where the fork is gone: not ours, at any rate
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name if isinstance(name, str) else None


def _payload(environment: Mapping[str, str]) -> Any:  # noqa: ANN401
    """The event as the runner wrote it; `None` where it is no JSON of reasonable size."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path:
        return None
    try:
        with os.fdopen(os.open(Path(path), _READ), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            content = file.read(MAX_EVENT_BYTES + 1)
        return json.loads(content) if len(content) <= MAX_EVENT_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
