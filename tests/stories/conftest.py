"""Whole runs of the command line, as a pipeline makes them, on embedded parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_secrets.testing.issuer import Issuer
from tests.stories.story import Story, begin


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """Give one issuer to all stories."""
    with Issuer() as running:
        yield running


@pytest.fixture(params=["github", "gitlab", "jenkins", "generic"])
def story(request: pytest.FixtureRequest, issuer: Issuer, tmp_path: Path) -> Iterator[Story]:
    """Give a job on each CI, with a store that lets it in and a ci-secrets.yaml."""
    with begin(request.param, issuer, tmp_path) as begun:
        yield begun


@pytest.fixture
def github(issuer: Issuer, tmp_path: Path) -> Iterator[Story]:
    """Give a job on GitHub."""
    with begin("github", issuer, tmp_path) as begun:
        yield begun


@pytest.fixture
def gitlab(issuer: Issuer, tmp_path: Path) -> Iterator[Story]:
    """Give a job on GitLab."""
    with begin("gitlab", issuer, tmp_path) as begun:
        yield begun


@pytest.fixture
def generic(issuer: Issuer, tmp_path: Path) -> Iterator[Story]:
    """Give a job on a machine without a CI."""
    with begin("generic", issuer, tmp_path) as begun:
        yield begun
