"""What a workflow file grants that its job does not need, where the checkout has the file.

It is somebody's file like any other: what cannot be read, or is of another repository, is not
remarked on.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

# Source: docs.github.com, "Variables reference": OWNER/REPO/.github/workflows/FILE@REF
_REF: Final = re.compile(r"(?P<repository>[^/@]+/[^/@]+)/(?P<file>\.github/workflows/[^/@]+)@.+")

_EVERY_JOB: Final = (
    "{} lets each of its {} jobs ask for an ID token, and so log in to the store. Grant it to this "
    "job alone:\n\n    jobs:\n      {}:\n        permissions:\n          id-token: write\n"
    "          contents: read"
)
_EVERYTHING: Final = (
    "{} gives this job every permission there is. List what it needs:\n\n    permissions:\n"
    "      id-token: write\n      contents: read"
)


def too_much(
    environment: Mapping[str, str], workspace: Path, read: Callable[[Path], object]
) -> str | None:
    """What to say of `permissions:` that are wider than needed; `None` where nothing is.

    `read` gives the JSON types of a YAML file, or raises `ConfigError`.
    """
    named = _REF.fullmatch(environment.get("GITHUB_WORKFLOW_REF", ""))
    if not named or named["repository"] != environment.get("GITHUB_REPOSITORY"):
        return None
    try:
        workflow: Any = read(workspace / named["file"])
    except ConfigError:
        return None
    jobs = workflow.get("jobs") if isinstance(workflow, dict) else None
    if not isinstance(jobs, dict):
        return None
    return _judged(foreign(named["file"]), workflow, jobs, environment.get("GITHUB_JOB", ""))


def _judged(file: str, workflow: dict[str, Any], jobs: dict[str, Any], name: str) -> str | None:
    of_all, job = workflow.get("permissions"), jobs.get(name)
    of_job = job.get("permissions") if isinstance(job, dict) else None
    if (of_all if of_job is None else of_job) == "write-all":
        return _EVERYTHING.format(file)
    for_all = of_all == "write-all" or _grants(of_all)
    if for_all and sum(_inherits(each) for each in jobs.values()) > 1:
        return _EVERY_JOB.format(file, len(jobs), foreign(name))
    return None


def _grants(permissions: object) -> bool:
    return isinstance(permissions, dict) and permissions.get("id-token") == "write"


def _inherits(job: object) -> bool:
    """Whether a job has no `permissions:` of its own."""
    return not (isinstance(job, dict) and "permissions" in job)
