"""The process that renders one template: order on stdin, text or the reason why not on stdout.

Run by `template.render` only, as `python -I -m ci_secrets.delivery.renderer`.
"""

import base64
import json
import re
import resource
import sys
from collections.abc import Mapping
from typing import Final

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ci_secrets.process import harden

MAX_BYTES: Final = 1024 * 1024
"""Of the rendered text."""
_MAX_MEMORY_BYTES: Final = 512 * 1024 * 1024
_MAX_CPU_SECONDS: Final = 2
_REFUSED: Final = 3


class Refused(Exception):  # noqa: N818 # it is an answer
    """Why the template cannot be rendered; `line` counts from 1. Holds no value."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


def rendered(text: str, values: Mapping[str, str]) -> bytes:
    """The rendered template. Raises `Refused`."""
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters["b64encode"] = _b64encode
    try:
        size = 0
        pieces = []
        for piece in environment.from_string(text).generate(values):
            pieces.append(piece.encode())
            size += len(pieces[-1])
            if size > MAX_BYTES:
                raise Refused(f"renders more than {MAX_BYTES // 1024} KiB")
        return b"".join(pieces)
    except Refused:
        raise
    except TemplateSyntaxError as error:
        raise Refused("has a syntax error", error.lineno) from None
    except (MemoryError, OverflowError, RecursionError):
        raise Refused("takes too much memory") from None
    except Exception as error:  # the template decides what is raised
        number = _line(error)
        line = text.splitlines()[number - 1] if number else ""
        unknown = find_undeclared_variables(environment.parse(text)) - values.keys()
        raise Refused(_why(error, unknown, line), number) from None


def _why(error: Exception, unknown: set[str], line: str) -> str:
    # NOTE: never the message, which may quote what was rendered (`{}[SECRET]`).
    match error:
        case SecurityError():
            return "does what the sandbox forbids"
        case UndefinedError():
            for name in sorted(unknown):
                if re.search(rf"\b{name}\b", line):
                    return f"uses `{name}`, which is no secret of this run"
            return "uses a field that is missing"
        case _:
            return f"fails with {type(error).__name__}"


def _line(error: Exception) -> int | None:
    """The template's line: Jinja puts its frames, with the template's numbers, in the traceback."""
    line = None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _b64encode(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _main() -> int:
    harden()
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
    order = json.load(sys.stdin)
    try:
        sys.stdout.buffer.write(rendered(order["text"], order["values"]))
    except Refused as refused:
        print(json.dumps({"why": refused.why, "line": refused.line}))  # noqa: T201 # to our parent
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main())
