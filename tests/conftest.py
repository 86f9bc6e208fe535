"""Every test starts in an environment that belongs to no CI."""

import os
import re

import pytest

_FOREIGN = re.compile(
    r"^(CI$|CI_|GITHUB_|GITLAB_|RUNNER_|ACTIONS_|JENKINS_|BUILD_|JOB_|WORKSPACE|VAULT_|BAO_|AWS_|"
    r"AZURE_|GOOGLE_|SSL_CERT_|REQUESTS_CA_|CURL_CA_|.*_proxy$|.*_PROXY$|.*_ID_TOKEN$)"
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every CI's, proxy's and store's variable out of the environment."""
    for name in list(os.environ):
        if _FOREIGN.match(name):
            monkeypatch.delenv(name)
