"""The text by which a shell gives its output to a keeper: what `activate` prints, and its values.

First `activate` prints an invitation, which holds no value: a shell that traces prints it. That
runs us once more, with tracing off and with the log of the script at hand, which `$(…)` hides.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ci_secrets.config.names import PATTERN
from ci_secrets.delivery import sourced
from ci_secrets.secret import Secret

LOG: Final = 9
"""The descriptor that is the script's stdout when we are run again; dash has none above 9."""
BEGIN: Final = "begin"
END: Final = "end"
"""What stands behind `--`, and for whom: the shell runs us by these."""
_SCRIPT: Final = Path(__file__).parent / "shell" / "activate.sh"

_INVITATION: Final = """\
read -r _ci_secrets_pid 2>/dev/null </proc/self/stat || _ci_secrets_pid=$$
_ci_secrets_pid=${{_ci_secrets_pid%% *}}
_ci_secrets_debug=
case ${{BASH_VERSION-}} in
?*)
    _ci_secrets_debug=$(builtin trap -p DEBUG)
    builtin trap - DEBUG
    ;;
esac
{{ eval "$(printf %s "${{_ci_secrets_key-}}" | {tool} {words} -- {begin} "$_ci_secrets_pid" "$$" \
"${{_ci_secrets_main-}}" "${{_ci_secrets_home-}}" || echo exit "$?")"; }} {log}>&1 || exit 8
eval "$_ci_secrets_debug"
"""
# NOTE: a DEBUG trap sees each command, and may write it anywhere.
_DEFINITIONS: Final = """\
set +a
unset -v _ci_secrets_key
_ci_secrets_main=$$ _ci_secrets_shell=$_ci_secrets_pid
_ci_secrets_home={home} _ci_secrets_key={key}
_ci_secrets_tool() {{
    {tool} activate -- "$@"
}}
"""
# NOTE: a variable that the job exported would stay so with the key in it: hence the `unset`.
_VALUES: Final = b"""\
(unset -v %(names)b) 2>/dev/null || {
    for _ci_secrets_one in %(names)b; do
        (unset -v "$_ci_secrets_one") 2>/dev/null ||
            echo "ci-secrets: $_ci_secrets_one is read-only in this shell: it cannot be set." >&2
    done
    exit 8
}
%(exports)b
unset -v %(unset)b
case $_ci_secrets_flags in *a*) set -a ;; esac
"""
# NOTE: bash goes on where a variable is read-only, with the value that it had.


def keeper(shell: str, activated: str, home: str) -> Path | None:
    """Where the shell's keeper listens, if it has one, by what the invitation tells of it.

    Under `set -a` a script that the shell runs inherits the variables, but it is another shell.
    """
    return Path(home) if home and shell == activated else None


def invitation(words: Sequence[str]) -> bytes:
    """What `ci-secrets WORDS` prints for the shell to evaluate."""
    text = _INVITATION.format(tool=_tool(), words=shlex.join(words), begin=BEGIN, log=LOG)
    return sourced.silently(_encoded(text))


def takeover(home: Path, key: str) -> bytes:
    """What makes the keeper that listens in `home` the reader of the shell's output."""
    text = _DEFINITIONS.format(home=shlex.quote(str(home)), key=key, tool=_tool())
    return _encoded(text) + _SCRIPT.read_bytes()


def assignments(values: Sequence[tuple[str, Secret]], unset: Sequence[str]) -> bytes:
    """What gives the shell its values, and takes variables away."""
    away = ["_ci_secrets_none", *filter(PATTERN.fullmatch, unset)]  # a shell has no others
    return _VALUES % {
        b"exports": sourced.exports(values),
        b"names": " ".join([*away, *(name for name, _ in values)]).encode(),
        b"unset": " ".join(away).encode(),
    }


def _tool() -> str:
    """How the shell runs us: by the script beside our Python, where there is one."""
    script = Path(sys.executable).with_name("ci-secrets")
    if script.is_file():
        return shlex.quote(str(script))
    return shlex.join((sys.executable, "-I", "-m", "ci_secrets"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
