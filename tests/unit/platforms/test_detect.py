"""Which CI is this: by one variable each, or by the user's word."""

import subprocess
import sys
from collections.abc import Mapping
from typing import get_type_hints

import pytest

from ci_secrets import platforms
from ci_secrets.errors import UsageError
from ci_secrets.platforms.interface import IdentityOptions, Platform


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"GITHUB_ACTIONS": "true"}, "github"),
        ({"GITLAB_CI": "true"}, "gitlab"),
        ({"JENKINS_URL": "https://jenkins.example/"}, "jenkins"),
        ({"TF_BUILD": "True"}, "azure"),
        ({"BITBUCKET_BUILD_NUMBER": "7"}, "bitbucket"),
        ({"BUILDKITE": "true"}, "buildkite"),
        ({"CIRCLECI": "true"}, "circleci"),
        ({}, "generic"),
        ({"CI": "true"}, "generic"),
        ({"GITLAB_CI": "false", "GITHUB_ACTIONS": ""}, "generic"),
        # A cloud machine has an identity too; it is not the job's.
        ({"AWS_REGION": "eu-central-1", "GCE_METADATA_HOST": "169.254.169.254"}, "generic"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token", "IDENTITY_ENDPOINT": "x"}, "generic"),
    ],
    ids=str,
)
def test_one_variable_tells_the_ci(environment: Mapping[str, str], name: str) -> None:
    """And nothing else is looked at."""
    assert platforms.detect(environment, None).name == name


@pytest.mark.parametrize("name", sorted(platforms.PLATFORMS))
def test_the_users_word_beats_detection(name: str) -> None:
    """Also where another CI's variable is set."""
    environment = {"GITHUB_ACTIONS": "true", "GITLAB_CI": "true"}
    assert platforms.detect(environment, name).name == name


def test_an_unknown_name_is_refused_with_the_list() -> None:
    """And shown without its control characters."""
    with pytest.raises(UsageError, match=r"travis\\x1b") as caught:
        platforms.detect({}, "travis\x1b")
    for name in platforms.PLATFORMS:
        assert name in caught.value.fix


def test_two_cis_at_once_are_not_guessed_between() -> None:
    """A runner inside a runner inherits the outer one's variables."""
    with pytest.raises(UsageError, match="github, gitlab") as caught:
        platforms.detect({"GITHUB_ACTIONS": "true", "GITLAB_CI": "true"}, None)
    assert "--platform" in caught.value.fix


@pytest.mark.parametrize("name", sorted(platforms.PLATFORMS))
def test_each_platform_has_all_that_is_asked_for(name: str) -> None:
    """Every member of the interface, the allow-list of claims included."""
    platform = platforms.detect({}, name, IdentityOptions())
    wanted = {member for member in vars(Platform) if not member.startswith("_")}
    wanted |= set(get_type_hints(Platform))
    assert {member for member in wanted if not hasattr(platform, member)} == set()
    assert {"iss", "sub", "aud", "exp"} <= set(vars(type(platform))["shown"])


@pytest.mark.parametrize("name", sorted(platforms.PLATFORMS))
def test_knowing_the_platform_costs_little(name: str) -> None:
    """What is heavy is imported by those who mint, write outputs or read logs, when they do."""
    program = (
        "import sys\n"
        "from ci_secrets import platforms\n"
        f"platform = platforms.detect({{'CI_JOB_TOKEN': 'a'}}, {name!r})\n"
        "platform.run(), platform.own_credentials(), platform.untrusted_event()\n"
        "heavy = {'httpx', 'jwt', 'cryptography', 'gitlab', 'requests', 'actions_toolkit'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
