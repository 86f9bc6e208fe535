r"""`--env-file PATH`: a file that a POSIX shell sources, and that gives back every byte.

Sourcing prints nothing, not even under `set -x` or `set -v`: the file turns both off with its
stderr closed to the world, and back on after its last value.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ci_secrets import disk
from ci_secrets.config.names import check_name
from ci_secrets.delivery.files import refuse_existing
from ci_secrets.errors import OutputRefusedError
from ci_secrets.paths import absolute, look
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

# NOTE: `-v` prints lines as they are read, and a shell may read ahead by one line: the first
# value must not follow on the line that turns it off.
_BEGIN: Final = b"""\
{ _ci_secrets_flags=$-; set +xv; } 2>/dev/null
"""
_END: Final = b"""\
case $_ci_secrets_flags in
*x*v* | *v*x*) unset _ci_secrets_flags; set -xv ;;
*x*) unset _ci_secrets_flags; set -x ;;
*v*) unset _ci_secrets_flags; set -v ;;
*) unset _ci_secrets_flags ;;
esac
"""


def write(path: Path, values: Sequence[tuple[str, Secret]]) -> None:
    """Make the file, 0600, where nothing stood before.

    Raises `OutputRefusedError` where something does, or for a value with NUL, and `ConfigError`
    for a name that is no variable's.
    """
    text = render(values)
    refuse_existing(path)
    disk.write_private(path, text)


def render(values: Sequence[tuple[str, Secret]]) -> bytes:
    """The file's text."""
    return silently(exports(values))


def silently(commands: bytes) -> bytes:
    """These lines of shell, none of which is printed under `set -x` or `set -v`."""
    return _BEGIN + commands + _END


def exports(values: Sequence[tuple[str, Secret]]) -> bytes:
    """One `export` a value, in single quotes, in which nothing is special."""
    lines = []
    for name, secret in values:
        check_name(name)
        value = secret.reveal()
        if b"\0" in value:
            raise OutputRefusedError(
                f"{foreign(name)} holds a NUL byte.",
                cause="No shell variable can hold one.",
                fix="Deliver it as a file: `as: file` in ci-secrets.yaml.",
            )
        lines.append(b"export %s='%s'\n" % (name.encode(), value.replace(b"'", b"'\\''")))
    return b"".join(lines)


def in_checkout(path: Path) -> bool:
    """Whether the file would lie in a git work tree, where `git add` and artifacts find it."""
    return any(look(it / ".git").found for it in absolute(path).parents)
