"""The key of the sealed state, where the CI gives us no secret of its own to derive it from.

A credential of the job (`CI_SECRETS_STATE_KEY`) is best: it is never on this machine's disk. Else
256 random bits lie in a 0600 file, in memory (`$XDG_RUNTIME_DIR`, /dev/shm) and away from the
state: a copied state is useless, but whoever reads all of this user's files has both. So it is
called weaker.
"""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ci_secrets import disk
from ci_secrets.errors import ConfigError, NotClosedError
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

VARIABLE: Final = "CI_SECRETS_STATE_KEY"
_RUNTIME: Final = "XDG_RUNTIME_DIR"
MIN_CHARACTERS: Final = 16
_KEY_CHARACTERS: Final = 64
"""256 bits in hex: one line of text, so that it is looked for in the log like any value."""
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FIX: Final = f"Give the job a credential {VARIABLE} (say of `openssl rand -hex 32`)."


def state_key(
    environment: Mapping[str, str], run: Run, state_directory: Path, *, create: bool
) -> StateKey:
    """The key of a run's state: from the variable, else from the run's own key file.

    `state_directory` is the one in use: the file lies neither in it nor above it, and each
    directory has its own, so that closing a run takes no key from its namesake elsewhere.

    The end may run in another session than the start: the file is looked for in every place.
    `create` makes it where it is not there yet. Raises `NotClosedError` where it must be there and
    is not, or is not ours alone; `ConfigError` where no key can be made, be it because another user
    has a file of its name.
    """
    given = environment.get(VARIABLE, "")
    if given:
        return _given(given)
    directory = state_directory.resolve()  # NOTE: the end may name it in another way
    name = _name(run, directory)
    places = _places(environment, directory)
    path = next((place / name for place in places if _stands(place / name)), None)
    if path is None and not create:
        raise _missing(name, places, environment)
    if path is None:
        path = _made(places, name)
    return StateKey(
        material=_read(path),
        came_from=f"key file {foreign(path)}",
        weaker=True,
        file=path,
    )


def _given(value: str) -> StateKey:
    if len(value) < MIN_CHARACTERS:
        raise ConfigError(
            f"{VARIABLE} is shorter than {MIN_CHARACTERS} characters.",
            cause="The sealed state would be open to guessing.",
            fix=_FIX,
        )
    return StateKey(material=Secret(value), came_from=f"${VARIABLE}")


def _places(environment: Mapping[str, str], state_directory: Path) -> list[Path]:
    """Where a key file may lie, best first."""
    candidates = [environment.get(_RUNTIME, ""), "/dev/shm"]  # noqa: S108  # O_EXCL, 0600
    return [
        candidate
        for candidate in map(Path, filter(None, candidates))
        if candidate.is_absolute()
        and os.access(candidate, os.W_OK | os.X_OK)
        and candidate.is_dir()
        and _apart(candidate.resolve(), state_directory)
    ]


def _apart(one: Path, other: Path) -> bool:
    """Whether no copy of one directory takes the other along."""
    return not one.is_relative_to(other) and not other.is_relative_to(one)


def _name(run: Run, state_directory: Path) -> str:
    identity = "\0".join((str(state_directory), run.platform, run.run, run.attempt, run.job))
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return f"ci-secrets-{os.geteuid()}-{digest[:24]}.key"


def _stands(path: Path) -> bool:
    """Whether there is one of ours; what another user put under its name hides no other place."""
    return not disk.absent(path) and not disk.of_another_user(path)


def _made(places: Sequence[Path], name: str) -> Path:
    """A new key file in the best place."""
    if not places:
        raise ConfigError(
            "There is no place for the key of the sealed state.",
            cause=f"Neither ${_RUNTIME} nor /dev/shm is a writable directory away from the state.",
            fix=_FIX,
        )
    path = places[0] / name
    if not os.path.lexists(path):
        _create(path)
    _check_owner(path)
    return path


def _missing(name: str, places: Sequence[Path], environment: Mapping[str, str]) -> NotClosedError:
    looked = " or ".join(foreign(place) for place in places)
    runtime = environment.get(_RUNTIME, "")
    now = f"it is {foreign(runtime)} now" if runtime else "it is not set now"
    return NotClosedError(
        f"The key of the sealed state cannot be read: there is no {name}"
        + (f" in {looked}." if looked else "."),
        cause=f"The run was opened with ${VARIABLE}, which is not set now, or with another "
        f"${_RUNTIME} ({now}), as another session has it; or the file was deleted.",
        fix=f"Set {VARIABLE} and {_RUNTIME} as at the start, and run this again. Where the key is "
        "gone, what this run opened ends with its TTL.",
    )


def _create(path: Path) -> None:
    # Made aside and linked into place: nobody ever reads half a key, and the first one wins.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(aside, _CREATE, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(_KEY_CHARACTERS // 2).encode())
            os.link(aside, path, follow_symlinks=False)
        except FileExistsError:
            pass
        finally:
            aside.unlink(missing_ok=True)
    except OSError as failure:
        raise ConfigError(
            f"The key of the sealed state cannot be written to {foreign(path.parent)}.",
            cause=f"{foreign(failure.strerror)}.",
            fix=_FIX,
        ) from None


def _check_owner(path: Path) -> None:
    """The name can be computed by anybody, and others may write to /dev/shm too."""
    try:
        owner = path.lstat().st_uid
    except OSError:
        return  # `_read` tells
    if owner != os.geteuid():
        raise ConfigError(
            f"{foreign(path)} belongs to another user, and the key of the sealed state goes there.",
            cause="Somebody made it before us. Nothing was opened yet.",
            fix=f"{_FIX} Or set {_RUNTIME} to a directory that only this user can enter.",
        )


def _read(path: Path) -> Secret:
    try:
        with disk.open_private(path) as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise PermissionError(errno.EACCES, "It is open to other users")
            material = file.read(_KEY_CHARACTERS + 1)
    except OSError as failure:
        raise NotClosedError(
            f"The key of the sealed state, {foreign(path)}, cannot be read.",
            cause=f"{foreign(failure.strerror)}.",
            fix="What this run opened ends with its TTL. For the next run: " + _FIX,
        ) from None
    if len(material) != _KEY_CHARACTERS:
        raise NotClosedError(f"The key of the sealed state, {foreign(path)}, is damaged.", fix=_FIX)
    return Secret(material)
