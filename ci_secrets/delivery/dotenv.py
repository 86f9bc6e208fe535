"""GitLab's dotenv report, only when it is asked for: it is an artifact, and stays one."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ci_secrets import disk
from ci_secrets.config.names import check_name
from ci_secrets.delivery.files import refuse_existing
from ci_secrets.errors import OutputRefusedError
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

WARNING: Final = (
    "a dotenv report is an artifact: GitLab keeps the values in clear, outside the job, for as "
    "long as the artifact lives, and hands them to every later job unmasked"
)

# Source: docs.gitlab.com/ci/yaml/artifacts_reports, "dotenv": no spaces, no line breaks, no
# comments, quotes are part of the value. `$` is left out because job variables are expanded.
_CARRIED: Final = re.compile(rb"[!-#%-~]*")


def write(path: Path, values: Sequence[tuple[str, Secret]]) -> None:
    """Make the report, 0600, where nothing stood before.

    Raises `OutputRefusedError` where something does, or for a value that dotenv cannot carry
    without loss, and `ConfigError` for a name that is no variable's.
    """
    text = render(values)
    refuse_existing(path)
    disk.write_private(path, text)


def render(values: Sequence[tuple[str, Secret]]) -> bytes:
    """One line `NAME=value` each."""
    lines = []
    for name, secret in values:
        check_name(name)
        value = secret.reveal()
        if not _CARRIED.fullmatch(value):
            raise OutputRefusedError(
                f"{foreign(name)} cannot be written to a dotenv report.",
                cause="It holds white space, `$` or other bytes that GitLab would change.",
                fix="Give it to the commands of this job only: ci-secrets exec -- COMMAND,\n"
                "or ci-secrets exchange --env-file with a path outside the checkout.",
            )
        lines.append(b"%s=%s\n" % (name.encode(), value))
    return b"".join(lines)
