"""The job summary: what was handed out, what was seen in the log, what was revoked. Markdown."""

from collections.abc import Sequence

from ci_secrets.leaks.formats.markdown import BADGE
from ci_secrets.leaks.formats.words import severity
from ci_secrets.leaks.forms import in_words
from ci_secrets.response.closings import headline, moment
from ci_secrets.response.outcome import Ended
from ci_secrets.text import markdown

_SHOWN = 50
"""Rows of each kind: GitHub drops a summary of more than 1 MiB as a whole."""


def render(ended: Ended) -> str:
    """A section for `GITHUB_STEP_SUMMARY`; every foreign text escaped, no values."""
    lines = [f"### ci-secrets: {BADGE[ended.verdict]}", ""]
    shown = ended.coverage_told[:_SHOWN]
    lines += [f"- looked at {markdown(entry.source)}: {entry.state}" for entry in shown]
    if len(ended.coverage) > len(shown):
        lines.append(f"- looked at {len(ended.coverage) - len(shown)} more")
    lines.append(f"- {headline(ended.closings)}")
    if ended.audit_head:
        lines.append(f"- audit head `{markdown(ended.audit_head)}`")
    lines += _findings(ended)
    lines += _open(ended)
    return "\n".join(lines) + "\n\n"


def _findings(ended: Ended) -> Sequence[str]:
    if not ended.findings:
        return ()
    rows = ["", "| secret | disguise | where | severity |", "|---|---|---|---|"]
    for finding in ended.findings[:_SHOWN]:
        where = f"{markdown(finding.file)} line {finding.line}"
        rows.append(
            f"| {markdown(finding.secret)} | {markdown(in_words(finding.form))} | {where} "
            f"| {severity(finding)} |"
        )
    if len(ended.findings) > _SHOWN:
        rows.append(f"| … {len(ended.findings) - _SHOWN} more | | | |")
    return rows


def _open(ended: Ended) -> Sequence[str]:
    rows = [
        f"| {entry.kind} {markdown(entry.id)} | {entry.outcome.value} | {moment(entry.expires_at)} "
        f"| {markdown(entry.detail)} |"
        for entry in ended.closings
        if not entry.outcome.proven
    ]
    if not rows:
        return ()
    return ["", "| not proven | outcome | lives until | why |", "|---|---|---|---|", *rows]
