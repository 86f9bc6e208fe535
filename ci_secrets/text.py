"""How text from outside (claims, branch names, server errors, log lines) is shown to people.

Everything foreign goes through `foreign()` before it is printed, so that nobody can drive a
terminal, a CI runner or a web page with a branch name. Values of secrets never get here.
"""

import re
from collections.abc import Iterable

CAP = 300
"""Characters of one foreign text that are shown."""

# Printable for Python, yet invisible: marks, fillers and variation selectors that change nothing
# but what a search finds. Source: Unicode DerivedCoreProperties, Default_Ignorable_Code_Point.
_INVISIBLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Workflow commands: GitHub `::cmd::` and `##[cmd]`, Azure `##vso[cmd]`. A runner looks for them
# at the start of a line (GitHub after white space too; `##[` and `##vso[` anywhere in it).
# Source: actions/runner ActionCommand.cs, azure-pipelines-agent Command.cs.
_COMMAND = re.compile(r"^(\s*):(:)|#(#(?:vso)?\[)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def _visible(character: str) -> str:
    if character.isprintable() and not _INVISIBLE.match(character):
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _break_command(match: re.Match[str]) -> str:
    if match.group(2):
        return f"{match.group(1)}:\\{match.group(2)}"
    return f"#\\{match.group(3)}"


def foreign(text: object, cap: int = CAP) -> str:
    r"""One line of printable text, at most `cap` characters, that no terminal or runner obeys.

    What is not printable (control, bidirectional, zero-width, odd spaces) becomes `\xNN`, `\uNNNN`
    or `\UNNNNNNNN`; a leading `::` and any `##[` or `##vso[` are broken by a backslash; what is cut
    off is marked by `…`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    raw = str(text)
    line = "".join(map(_visible, raw[: cap + 1]))
    line = _COMMAND.sub(_break_command, line)
    return line if len(line) <= cap and len(raw) <= cap else line[: cap - 1] + "…"


def some(names: Iterable[str], most: int = 3) -> str:
    """The first names, which may be shown as they are, and how many more."""
    every = list(names)
    more = len(every) - most
    return ", ".join(every) if more <= 0 else f"{', '.join(every[:most])} and {more:,} more"


def markdown(text: object, cap: int = CAP) -> str:
    """`foreign()` for a Markdown sink such as a job summary: no markup, link, mention or HTML."""
    # CommonMark takes a backslash before any ASCII punctuation, and no other character is markup.
    return _PUNCTUATION.sub(
        lambda mark: _ENTITIES.get(mark.group(), f"\\{mark.group()}"), foreign(text, cap)
    )


def inert_json(document: object, indent: int | None = None) -> str:
    """JSON in ASCII that may hold foreign texts whole: no terminal or runner obeys it."""
    import json

    text = json.dumps(document, indent=indent)
    return text.replace("##", "#\\u0023").replace("\x7f", "\\u007f")


def html(text: object, cap: int = CAP) -> str:
    """`foreign()` for an HTML sink, in element content and in quoted attributes."""
    from html import escape

    return escape(foreign(text, cap), quote=True)
