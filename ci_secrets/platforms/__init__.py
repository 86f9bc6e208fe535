"""CI systems: who am I, and how do I speak to the runner."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ci_secrets.errors import UsageError
from ci_secrets.platforms.interface import IdentityOptions, Platform
from ci_secrets.platforms.spoken import speak
from ci_secrets.text import foreign

if TYPE_CHECKING:
    from ci_secrets.http import Http

__all__ = ["PLATFORMS", "detect", "speak"]

PLATFORMS: Final[dict[str, str]] = {
    "github": "ci_secrets.platforms.github:GitHub",
    "gitlab": "ci_secrets.platforms.gitlab:GitLab",
    "jenkins": "ci_secrets.platforms.jenkins:Jenkins",
    "azure": "ci_secrets.platforms.azure:Azure",
    "bitbucket": "ci_secrets.platforms.bitbucket:Bitbucket",
    "buildkite": "ci_secrets.platforms.buildkite:Buildkite",
    "circleci": "ci_secrets.platforms.circleci:CircleCI",
    "generic": "ci_secrets.platforms.generic:Generic",
}
"""Name → `module:class`; imported when it is needed."""

_SIGNS: Final[dict[str, tuple[str, str | None]]] = {
    "github": ("GITHUB_ACTIONS", "true"),
    "gitlab": ("GITLAB_CI", "true"),
    "jenkins": ("JENKINS_URL", None),
    "azure": ("TF_BUILD", "True"),
    "bitbucket": ("BITBUCKET_BUILD_NUMBER", None),
    "buildkite": ("BUILDKITE", "true"),
    "circleci": ("CIRCLECI", "true"),
}
"""Name → the variable that only this CI sets, and its value (`None`: any)."""


def detect(
    environment: Mapping[str, str],
    explicit: str | None,
    options: IdentityOptions | None = None,
    http: "Http | None" = None,
) -> Platform:
    """The platform that the user named, else the CI that this environment is of, else generic.

    A cloud machine's own identity is never guessed. Raises `UsageError` for an unknown name, and
    where two CIs claim the environment (one that runs inside the other).
    """
    name = explicit or _detected(environment)
    if name not in PLATFORMS:
        raise UsageError(
            f"There is no platform called {foreign(name)}.",
            fix=f"--platform is one of {', '.join(PLATFORMS)}.",
        )
    module, _, attribute = PLATFORMS[name].partition(":")
    platform: Platform = getattr(import_module(module), attribute)(environment, options, http)
    return platform


def _detected(environment: Mapping[str, str]) -> str:
    found = [
        name
        for name, (variable, value) in _SIGNS.items()
        if environment.get(variable) and value in (None, environment[variable])
    ]
    if len(found) > 1:
        raise UsageError(
            f"This environment is of more than one CI: {', '.join(found)}.",
            cause="One probably runs inside the other.",
            fix="Say whose identity is meant: --platform NAME, or CI_SECRETS_PLATFORM.",
        )
    return found[0] if found else "generic"
