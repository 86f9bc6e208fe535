"""An ordinary user beside root, as a step without `sudo` is beside one with it."""

import os
import shutil
from typing import Final

import pytest

from tests.stories.story import Story

CI: Final = bool(os.environ.get("CI"))
NOBODY: Final = 65534


def as_nobody(story: Story) -> list[str]:
    """Words before those that `nobody` is to run; all of the job becomes nobody's.

    NOTE: nobody may be unable to enter the folder of this Python, so it gets CAP_DAC_READ_SEARCH;
    the capability gives no access to other processes, and lets nobody write.
    """
    if not shutil.which("setpriv"):
        if CI:
            pytest.fail("setpriv is missing: apt-get install util-linux")
        pytest.skip("needs setpriv to become an ordinary user: apt-get install util-linux")
    for path in [story.stand.workspace.parent, *story.stand.workspace.parent.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    become = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    capability = "-all,+dac_read_search"
    return ["setpriv", *become, "--inh-caps", capability, "--ambient-caps", capability]
