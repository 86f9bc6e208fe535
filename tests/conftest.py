"""Every test starts in an environment that belongs to no CI, with no signal ignored."""

import os
import re
import signal

import pytest

_FOREIGN = re.compile(
    r"^(CI$|CI_|GITHUB_|GITLAB_|RUNNER_|ACTIONS_|JENKINS_|BUILD_|JOB_|WORKSPACE|VAULT_|BAO_|AWS_|"
    r"AZURE_|GOOGLE_|SSL_CERT_|REQUESTS_CA_|CURL_CA_|.*_proxy$|.*_PROXY$|.*_ID_TOKEN$)"
)


def pytest_configure() -> None:
    """Take SIGINT and SIGQUIT again where they came ignored.

    A shell without job control starts `make test &` with both ignored. What is ignored stays so
    in every program that the tests start, and then neither they nor CMD can be interrupted.
    """
    for signum, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, handler)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every CI's, proxy's and store's variable out of the environment."""
    for name in list(os.environ):
        if _FOREIGN.match(name):
            monkeypatch.delenv(name)
