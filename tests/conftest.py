"""Every test starts in an environment that belongs to no CI, with no signal ignored."""

import os
import re
import signal

import pytest
from hypothesis import HealthCheck, settings

_FOREIGN = re.compile(
    r"^(CI$|CI_|GITHUB_|GITLAB_|RUNNER_|ACTIONS_|JENKINS_|BUILD_|BUILDKITE|CIRCLE|BITBUCKET_|TF_BUILD$|SYSTEM_|AGENT_|JOB_|WORKSPACE|VAULT_|BAO_|AWS_|"
    r"AZURE_|GOOGLE_|SSL_CERT_|REQUESTS_CA_|CURL_CA_|.*_proxy$|.*_PROXY$|.*_ID_TOKEN$)"
)


# NOTE: nothing is promised about a machine. Under CI each run tries the same examples, so that a
# change fails by what it changes; elsewhere each run tries others. Examples share a `tmp_path`.
settings.register_profile(
    "patient",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("patient")


def pytest_configure() -> None:
    """Let what the tests start have the signals that are ignored here.

    A shell without job control starts `make test &` with SIGINT and SIGQUIT ignored, `nohup` with
    SIGHUP. What is ignored stays so in every program that is started, and then neither they nor
    CMD can be interrupted. A handler that does nothing keeps us as deaf, and is not inherited.
    """
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, lambda *_: None)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every CI's, proxy's and store's variable out of the environment."""
    for name in list(os.environ):
        if _FOREIGN.match(name):
            monkeypatch.delenv(name)
