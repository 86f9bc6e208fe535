"""`template:`: a text made of named secrets, rendered by Jinja in a process that can be bounded."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from ci_secrets.errors import ConfigError, OutputRefusedError
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

SECONDS: Final = 60.0
"""Of waiting for the renderer, its start included; its own CPU time is bounded more closely.

A machine that stood still meanwhile, or has much else to do, is no fault of the template.
"""


def render(name: str, text: str, values: Mapping[str, Secret]) -> Secret:
    """Render the template `name`, which sees the values by their names and nothing else.

    Raises `ConfigError` where the template is wrong, uses a name that is no secret's, or needs
    too much time, memory or space (1 MiB), and `OutputRefusedError` for a secret that is no text.
    The errors say the line, never a value nor rendered text.
    """
    order = {"text": text, "values": {key: _text(key, value) for key, value in values.items()}}
    # NOTE: another process, for nothing else bounds `{{ 'a' * 10**9 }}` or `{{ 9**9**9 }}`: one
    # operation in C is not interrupted by a signal handler. Its environment is empty, and what it
    # says on stderr is not shown, for a traceback could hold a value.
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "ci_secrets.delivery.renderer"],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _wrong(name, "takes too long") from None
    if done.returncode == 0:
        return Secret(done.stdout)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _wrong(name, "takes too long or too much memory")
    raise _wrong(name, *_refusal(done.stdout))


def _text(name: str, value: Secret) -> str:
    try:
        return value.text()
    except ValueError:
        raise OutputRefusedError(
            f"{foreign(name)} is not UTF-8 text, so no template can use it.",
            fix="Deliver it on its own: `as: file` in ci-secrets.yaml.",
        ) from None


def _refusal(answer: bytes) -> tuple[str, int | None]:
    try:
        refusal = json.loads(answer)
        return refusal["why"], refusal["line"]
    except (ValueError, KeyError, TypeError):
        return "cannot be rendered", None  # the renderer itself broke


def _wrong(name: str, why: str, line: int | None = None) -> ConfigError:
    where = f", line {line}" if line else ""
    return ConfigError(
        f"The template {foreign(name)}{where} {foreign(why)}.",
        fix="See jinja.palletsprojects.com/templates; a name that may be missing needs an "
        "`is defined`. Only the secrets of ci-secrets.yaml can be used, by their names.",
    )
