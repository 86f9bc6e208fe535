"""ID tokens that somebody put in a variable or a file before the job began."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ci_secrets.errors import IdentityError
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

MAX_TOKEN_BYTES: Final = 64 * 1024
_JWT: Final = re.compile(r"\s*eyJ[\w-]*\.[\w-]*\.[\w-]*\s*")
"""What is given for the name of a place by mistake, and then must not be shown."""
# NOTE: not O_NOFOLLOW: Kubernetes renews a projected token by moving the symlink to it.
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def from_variable(environment: Mapping[str, str], name: str) -> tuple[Secret, str]:
    """The token in a variable, and what people call the place. Raises `IdentityError`."""
    value = environment.get(name, "").strip()
    if _JWT.fullmatch(name):
        raise _token_itself("--id-token-env", "the name of the variable, without `$`")
    if not value:
        raise IdentityError(
            f"${foreign(name)} holds no ID token: it is {_lack(environment, name)}.",
            cause="The CI did not set it for this job, or it has another name.",
            fix="Name the variable that holds the JWT: --id-token-env NAME.",
        )
    return Secret(value), f"${foreign(name)}"


def from_file(path: Path) -> tuple[Secret, str]:
    """The token in a file, read anew at each call. Raises `IdentityError`."""
    if _JWT.fullmatch(str(path)):
        raise _token_itself("--id-token-file", "the path of the file")
    place = f"file {foreign(path)}"
    try:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unusable(place, "It is not a regular file.")
            content = file.read(MAX_TOKEN_BYTES + 1)
    except OSError as failure:
        raise _unusable(place, f"{foreign(failure.strerror)}.") from None
    if len(content) > MAX_TOKEN_BYTES:
        raise _unusable(place, f"It is larger than {MAX_TOKEN_BYTES >> 10} KiB.")
    return Secret(content.strip()), place


def _lack(environment: Mapping[str, str], name: str) -> str:
    return "empty" if name in environment else "not set"


def _token_itself(option: str, wanted: str) -> IdentityError:
    return IdentityError(
        f"{option} was given the ID token itself.",
        cause="A value on a command line is seen by every process of the machine.",
        fix=f"Give {wanted}.",
    )


def _unusable(place: str, cause: str) -> IdentityError:
    return IdentityError(
        f"No ID token can be read from {place}.",
        cause=cause,
        fix="Name the file that holds the JWT: --id-token-file PATH. On Kubernetes it is a "
        "projected volume:\n\n"
        "    volumes:\n"
        "      - name: id-token\n"
        "        projected:\n"
        "          sources:\n"
        "            - serviceAccountToken: {path: token, audience: AUDIENCE}",
    )
