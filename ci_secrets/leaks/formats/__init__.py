"""Report formats, one file each."""

from importlib import import_module
from typing import Final

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Report
from ci_secrets.text import foreign

FORMATS: Final[dict[str, str]] = {
    "text": "ci_secrets.leaks.formats.text",
    "json": "ci_secrets.leaks.formats.json",
}
"""Name → module with `render(report: Report) -> str`; imported when it is asked for."""


def render(name: str, report: Report) -> str:
    """A report in a format, ending in a newline. Raises `UsageError` for an unknown name."""
    if name not in FORMATS:
        raise UsageError(
            f"there is no report format {foreign(name)}", fix=f"use one of {', '.join(FORMATS)}"
        )
    text: str = import_module(FORMATS[name]).render(report)
    return text
