"""How a step talks to GitHub's runner: commands on stdout, and files that it reads afterwards.

Of actions-toolkit we take how a value is written between delimiters. The writing itself is ours:
its `set_output` prints the value in clear where the file is not set, follows links, writes one
value after the other, and its `export_variable` puts the value in our own environment.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ci_secrets.errors import OutputRefusedError
from ci_secrets.paths import is_device_or_stream
from ci_secrets.platforms.interface import Level
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

MAX_VALUE_BYTES: Final = 120 * 1024
"""Of one value: execve refuses a string of 128 KiB, so nobody could use a longer one."""
MAX_SUMMARY_BYTES: Final = 1024 * 1024
"""Of one step; GitHub drops the whole summary above it. Source: docs.github.com, job summaries."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LINE_END: Final = re.compile(rb"[\r\n]+")
_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def masks(value: bytes) -> Iterator[bytes]:
    """A command for each line of a value; the caller has left out what is too short to mask.

    Not one for the whole: the runner would cut it into lines itself, and mask every `{`.
    """
    for line in _LINE_END.split(value):
        if line.decode("utf-8", "replace").strip():  # the runner masks no white space
            yield b"::add-mask::" + line.replace(b"%", b"%25")


def annotation(level: Level, message: str) -> str:
    """A command that lifts a message out of the log."""
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{level} title=ci-secrets::{data}"


# Source: actions/runner, ActionCommand.cs (both syntaxes, names without regard to case, the order
# in which escapes are undone) and ProcessInvoker.cs (a lone \r ends a line), read 2026-07.
_COMMAND: Final = re.compile(r"\s*::add-mask(?: .*?)?::(.*)", re.IGNORECASE)
_OLD_COMMAND: Final = re.compile(r"##\[([^\] ]*)(?: [^\]]*)?\](.*)")
_Escapes = tuple[tuple[str, str], ...]
_ESCAPES: Final[_Escapes] = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_OLD_ESCAPES: Final[_Escapes] = (
    ("%3B", ";"),
    ("%0D", "\r"),
    ("%0A", "\n"),
    ("%5D", "]"),
    ("%25", "%"),
)


def mask_request(line: bytes) -> bytes | None:
    """The value of the first `::add-mask::` or `##[add-mask]` in a line, if there is one."""
    if b"add-mask" not in line.lower():
        return None
    for part in _LINE_END.split(line):
        value = _requested(part.decode("utf-8", "surrogateescape"))
        if value:
            return value.encode("utf-8", "surrogateescape")
    return None


def _requested(line: str) -> str | None:
    found, escapes = _COMMAND.fullmatch(line), _ESCAPES
    if found:
        value = found[1]
    else:
        old = _OLD_COMMAND.search(line)
        if not old or old[1].lower() != "add-mask":
            return None
        value, escapes = old[2], _OLD_ESCAPES
    for escape, character in escapes:
        value = value.replace(escape, character)
    return value if value.strip() else None


def append(
    variable: str, environment: Mapping[str, str], values: Sequence[tuple[str, Secret]]
) -> None:
    """Write name and value pairs to the file that `variable` names: all of them, or nothing.

    Raises `OutputRefusedError` for a value that cannot be kept without loss, and where the file
    is not set, is no regular file, or takes not all of it.
    """
    from actions_toolkit.file_command import prepare_key_value_message

    texts = [(_checked_name(name), _checked_text(name, value)) for name, value in values]
    path = environment.get(variable, "")
    if not path:
        raise OutputRefusedError(
            f"{variable} is not set, so there is nowhere to put outputs.",
            cause="This is no step of a GitHub job, or something cleared its environment.",
            fix="Run it as a step of its own, or use `ci-secrets exec -- CMD`.",
        )
    # Lines end in \n on a Linux runner, and only there: \r, trailing newlines and all else stay.
    message = "".join(f"{prepare_key_value_message(name, text)}\n" for name, text in texts)
    try:
        _append_whole(Path(path), message.encode())
    except OSError as failure:
        raise OutputRefusedError(
            f"The file of {variable} cannot be written; nothing was.",
            cause=foreign(failure.strerror),
            fix="Free some space in RUNNER_TEMP; nobody may replace the runner's files by links.",
        ) from None


def append_summary(environment: Mapping[str, str], markdown: str) -> None:
    """Append to the step's summary, where there is one that is neither device nor stream.

    Raises `OutputRefusedError` where it takes not all of it; then it is as it was.
    """
    path = environment.get("GITHUB_STEP_SUMMARY", "")
    if not path:
        return
    try:
        if not is_device_or_stream(Path(path)):
            _append_whole(Path(path), markdown.encode("utf-8", "replace"), MAX_SUMMARY_BYTES)
    except OSError as failure:
        raise OutputRefusedError(
            f"The job summary was not written: {foreign(failure.strerror)}."
        ) from None


def _append_whole(path: Path, data: bytes, limit: int | None = None) -> None:
    """Append on a line of its own, or leave the file as it was and raise `OSError`."""
    descriptor = os.open(path, _APPEND)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "It is not a regular file")
        size = found.st_size
        # A line that an earlier command left open would swallow our first name.
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data
        if limit is not None and size + len(data) > limit:
            raise OSError(errno.EFBIG, f"GitHub shows none above {limit >> 10} KiB")
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        except BaseException:  # a signal too: the runner must never read half a value
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _checked_name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    raise OutputRefusedError(
        f"{foreign(name)} cannot be the name of an output.",
        fix="Use letters, digits, `_` and `-`; the first is a letter or `_`.",
    )


def _checked_text(name: str, value: Secret) -> str:
    if len(value) > MAX_VALUE_BYTES:
        raise _unfit(name, f"is larger than {MAX_VALUE_BYTES >> 10} KiB")
    if b"\0" in value.reveal():
        raise _unfit(name, "holds a NUL byte")
    try:
        return value.text()
    except ValueError:
        raise _unfit(name, "is not UTF-8 text") from None


def _unfit(name: str, why: str) -> OutputRefusedError:
    return OutputRefusedError(
        f"The value of {name} {why}, so it cannot be an output or a variable.",
        fix=f"Take it as a file:\n\n    secrets:\n      {name}: {{from: …, as: file}}",
    )
