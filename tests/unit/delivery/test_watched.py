"""Whether a process that is no child of ours has ended."""

import os
import select
import subprocess

import pytest

from ci_secrets.delivery.watched import Watched


def test_the_kernel_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The descriptor is readable at the end, and not before."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        watched = Watched(process.pid)
        assert watched.poll_seconds is None
        assert select.select(watched.descriptors, [], [], 0)[0] == []
        assert not watched.ended([])
        process.kill()
        readable = select.select(watched.descriptors, [], [], 20)[0]
        assert watched.ended(readable)


def test_where_it_does_not_one_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """From time to time, on systems without pidfd."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        watched = Watched(process.pid)
        assert watched.descriptors == []
        assert watched.poll_seconds is not None
        assert not watched.ended([])
        process.kill()
    assert watched.ended([])


def test_one_that_has_ended_before() -> None:
    """It is as good as one that ends."""
    with subprocess.Popen(["true"]) as process:
        pass
    assert Watched(process.pid).ended([])
