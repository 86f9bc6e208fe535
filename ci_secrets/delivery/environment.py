"""CMD's environment: what we were started with, less what we consumed, and the values."""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from ci_secrets.config.names import check_name
from ci_secrets.errors import OutputRefusedError
from ci_secrets.secret import Credential
from ci_secrets.text import foreign

MAX_VALUE_BYTES: Final = 120 * 1024
"""Linux refuses to start a program with one string of 128 KiB (MAX_ARG_STRLEN in
linux/binfmts.h); the rest is for the name, and for what a shell puts around it."""
_MAX_TOTAL_BYTES: Final = 6 * 1024 * 1024
"""Of arguments and environment, however large the stack. Source: execve(2)."""
_POINTER_BYTES: Final = 8


def check_deliverable(credentials: Iterable[Credential]) -> None:
    """Refuse, before anything is written, what an environment or an output cannot carry.

    Raises `OutputRefusedError` for a value with NUL, that is not UTF-8, or of more than 120 KiB;
    a file takes them all. Raises `ConfigError` for a name that would break the job.
    """
    for credential in credentials:
        if credential.deliver == "none":
            continue
        check_name(credential.name)
        why = _why_not(credential) if credential.deliver == "value" else ""
        if why:
            name = foreign(credential.name)
            raise OutputRefusedError(
                f"{name} ({foreign(credential.source)}) {why}.",
                cause="A variable or an output cannot carry it without loss.",
                fix="Let it be delivered as a file, whose path is then in the variable:\n"
                f"secrets:\n  {name}: {{from: {foreign(credential.source)}, as: file}}",
            )


def child_environment(
    base: Mapping[str, str],
    credentials: Iterable[Credential],
    paths: Mapping[str, Path],
    consumed: Collection[str],
) -> dict[str, str]:
    """The variables of `base` that are not `consumed`, the values, and the `paths` of files.

    LD_* and all else that we do not use ourselves is kept, for CMD may. Values win over `base`.
    Raises `OutputRefusedError` where Linux would not start a program with so many bytes.
    """
    environment = {name: value for name, value in base.items() if name not in consumed}
    for credential in credentials:
        if credential.deliver == "value":
            # NOTE: not `text()`: a program gets bytes, and `fsdecode` is what Python undoes.
            environment[credential.name] = os.fsdecode(credential.value.reveal())
    environment |= {name: str(path) for name, path in paths.items()}
    _check_total(environment)
    return environment


def _why_not(credential: Credential) -> str:
    value = credential.value.reveal()
    if b"\0" in value:
        return "holds a NUL byte"
    if len(value) > MAX_VALUE_BYTES:
        return f"has {len(value)} bytes, more than {MAX_VALUE_BYTES // 1024} KiB"
    try:
        value.decode()
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    return ""


def _check_total(environment: Mapping[str, str]) -> None:
    sizes = {
        name: len(os.fsencode(name)) + len(os.fsencode(value)) + 2 + _POINTER_BYTES
        for name, value in environment.items()
    }
    limit = min(os.sysconf("SC_ARG_MAX"), _MAX_TOTAL_BYTES)
    total = sum(sizes.values())
    if total >= limit:
        largest = ", ".join(foreign(name) for name in sorted(sizes, key=sizes.__getitem__)[-3:])
        raise OutputRefusedError(
            f"The environment of the command would have {total} bytes, of at most {limit}.",
            cause=f"The largest variables are {largest}.",
            fix="Deliver large values as files: `as: file` in ci-secrets.yaml.",
        )
