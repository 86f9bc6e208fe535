"""How text from outside (claims, branch names, server errors, log lines) is shown to people.

Everything foreign goes through `foreign()` before it is printed, so that nobody can drive a
terminal, a CI runner or a web page with a branch name. Values of secrets never get here.
"""

import html as _html
import re

CAP = 300
"""Characters of one foreign text that are shown."""

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# Workflow commands: GitHub `::cmd::` and `##[cmd]`, Azure `##vso[cmd]`. A runner looks for them
# at the start of a line (GitHub after white space too; `##[` and `##vso[` anywhere in it).
# Source: actions/runner ActionCommand.cs, azure-pipelines-agent Command.cs.
_COMMAND = re.compile(r"^(\s*):(:)|#(#(?:vso)?\[)")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~@&:/])")


def _escape_control(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _break_command(match: re.Match[str]) -> str:
    if match.group(2):
        return f"{match.group(1)}:\\{match.group(2)}"
    return f"#\\{match.group(3)}"


def foreign(text: object, cap: int = CAP) -> str:
    r"""One line of printable text, at most `cap` characters, that no terminal or runner obeys.

    Control, bidirectional and zero-width characters become `\xNN` or `\uNNNN`; a leading `::` and
    any `##[` or `##vso[` are broken by a backslash; what is cut off is marked by `…`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    raw = str(text)
    line = _CONTROL.sub(_escape_control, raw[: cap + 1])
    line = _COMMAND.sub(_break_command, line)
    return line if len(line) <= cap and len(raw) <= cap else line[: cap - 1] + "…"


def markdown(text: object, cap: int = CAP) -> str:
    """`foreign()` for a Markdown sink such as a job summary: no markup, link, mention or HTML."""
    return _MARKDOWN.sub(r"\\\1", foreign(text, cap)).replace("\\<", "&lt;").replace("\\&", "&amp;")


def html(text: object, cap: int = CAP) -> str:
    """`foreign()` for an HTML sink, in element content and in quoted attributes."""
    return _html.escape(foreign(text, cap), quote=True)
