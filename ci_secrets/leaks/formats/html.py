"""One self-contained page for people: what leaked, where, in which disguise, what was done."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from ci_secrets import __version__
from ci_secrets.leaks.findings import Accepted, Coverage, Finding, Report, Verdict
from ci_secrets.leaks.formats import Context, Ending
from ci_secrets.leaks.formats.markup import Markup, joined, style, tag
from ci_secrets.leaks.formats.words import (
    COVERAGE,
    EXCERPT,
    NAME,
    UNSURE,
    counted,
    nothing_but,
    place,
    size,
    steps,
    together,
)
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import foreign, some

_SHOWN: Final = 1000
"""Findings, and sources; a page of more is no longer read."""
_OPEN: Final = 20
"""Findings of a secret that stand open when the page comes up."""
_FEW: Final = 6
"""Sources that were read to the end and are listed without being asked for."""
_MASK: Final = "***"
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_LEAD: Final[dict[Verdict, str]] = {
    Verdict.CLEAN: "No value that this job knows stands in what was looked at.",
    Verdict.UNKNOWN: "Nothing was searched, so nothing is known.",
    Verdict.CONTAINED: "It was redacted before it left the job.",
    Verdict.LEAKED: "Others can read that text.",
}
_FOOTER: Final = (
    "No value stands on this page: *** is put in its place, and fingerprints are made without it. "
    "Where a finding of `scan` may stay, put its fingerprint into .ci-secrets-ignore."
)
_SURE: Final = {"high": "the whole value", "medium": UNSURE["medium"], "low": UNSURE["low"]}


def render(report: Report, context: Context) -> str:
    """An HTML document: no script, nothing loaded from anywhere, light and dark."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{report.verdict} · ci-secrets"),
        style(Path(__file__).with_name("page.css").read_text(encoding="utf-8")),
    )
    body = tag("body", _banner(report, context), tag("main", *_sections(report, context)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _banner(report: Report, context: Context) -> Markup:
    secrets = {finding.secret for finding in report.findings}
    facts = [
        counted(len(report.findings), "place"),
        counted(len(secrets), "secret"),
        counted(len(report.coverage), "source"),
        size(report.bytes),
        counted(report.lines, "line"),
    ]
    return tag(
        "header",
        tag("p", "ci-secrets", class_="brand"),
        tag("h1", report.verdict.value.capitalize()),
        tag("p", _lead(report), class_="lead"),
        tag("ul", *map(_fact, facts), class_="facts"),
        tag("p", _when(context), class_="when"),
        class_=f"banner {report.verdict.value}",
    )


def _fact(told: str) -> Markup:
    number, _, unit = told.partition(" ")
    return tag("li", tag("b", number), " ", unit)


def _lead(report: Report) -> str:
    if not report.findings:
        accepted = nothing_but(report)
        return f"{accepted.capitalize()}." if accepted else _LEAD[report.verdict]
    names = dict.fromkeys(foreign(finding.secret) for finding in report.findings)
    places = counted(len(report.findings), "place")
    return f"Printed in {places}: {some(names)}. {_LEAD[report.verdict]}"


def _when(context: Context) -> str:
    commit = f" · commit {context.commit[:12]}" if context.commit else ""
    return f"{context.ended:%Y-%m-%d %H:%M:%S} UTC{commit} · ci-secrets {__version__}"


def _sections(report: Report, context: Context) -> Iterator[Markup]:
    if report.findings:
        yield _section("What was printed, and how it unwraps", *_findings(report.findings))
    if context.endings is not None:
        yield _section("What was revoked", _endings(context.endings))
    if report.accepted:
        yield _section("Accepted, not counted", tag("ul", *map(_accepted, report.accepted)))
    yield _section("What was looked at", *_coverage(report.coverage))
    if report.skipped:
        notes = (
            tag("li", tag("b", it.names), f" not {it.extent}: {it.reason}", class_="partly")
            for it in together(report.skipped)
        )
        yield _section("What was not looked for or listed in full", tag("ul", *notes))
    yield tag("footer", tag("p", _FOOTER))


def _section(title: str, *content: str) -> Markup:
    return tag("section", tag("h2", title), *content)


def _findings(findings: Sequence[Finding]) -> Iterator[Markup]:
    """A block a secret, in the order in which they were first found."""
    order = list(dict.fromkeys(finding.secret for finding in findings))
    shown = sorted(findings, key=lambda finding: order.index(finding.secret))[:_SHOWN]
    for secret, group in groupby(shown, key=lambda finding: finding.secret):
        places = list(group)
        few = len(places) <= _OPEN
        yield tag(
            "details",
            tag(
                "summary",
                tag("h3", secret),
                tag("span", counted(len(places), "place"), class_="count"),
                tag("span", _disguises(places), class_="disguises"),
            ),
            *map(_finding, places),
            **({"open": ""} if few else {}),
        )
    if len(findings) > _SHOWN:
        yield tag("p", f"… and {len(findings) - _SHOWN:,} more: the JSON report lists them.")


def _disguises(findings: Sequence[Finding]) -> str:
    return some(dict.fromkeys(in_words(finding.form) for finding in findings))


def _finding(finding: Finding) -> Markup:
    return tag(
        "article",
        tag(
            "p",
            tag("span", place(finding), class_="place"),
            tag("span", in_words(finding.form), class_="disguise"),
            tag("span", _SURE[finding.severity], class_="chip"),
            class_="where",
        ),
        tag("pre", tag("span", f"{finding.line}", class_="number"), _masked(finding.excerpt)),
        *_layers(finding),
        tag("p", "fingerprint ", tag("code", finding.fingerprint), class_="fingerprint"),
        class_=f"finding {finding.severity}",
    )


def _masked(excerpt: str) -> Markup:
    """The redacted line, with every mask standing out."""
    first, *others = foreign(excerpt, EXCERPT).split(_MASK)
    mark = tag("mark", _MASK)
    return tag("code", first, *(joined(mark, piece) for piece in others))


def _layers(finding: Finding) -> Iterator[Markup]:
    """The disguise as boxes in boxes, the value in the innermost; none where it has no disguise."""
    if finding.form:
        inner = tag("mark", _MASK)
        for step in reversed(steps(finding)):
            inner = tag("span", tag("span", step, class_="form"), inner, class_="layer")
        yield tag("p", inner, class_="layers")


def _endings(endings: Sequence[Ending]) -> Markup:
    if not endings:
        return tag("p", "Nothing had been opened, so there was nothing to revoke.")
    rows = (
        tag(
            "li",
            tag("b", entry.outcome),
            " ",
            tag("span", entry.what, class_="place"),
            *([tag("p", entry.note)] if entry.note else ()),
            class_="proven" if entry.proven else "partly" if entry.closed else "open",
        )
        for entry in endings
    )
    return tag("ul", *rows)


def _accepted(entry: Accepted) -> Markup:
    finding = entry.finding
    return tag(
        "li",
        tag("b", finding.secret),
        f" {in_words(finding.form)} ",
        tag("span", place(finding), class_="place"),
        tag("p", f"{foreign(entry.reason, NAME)} (until {entry.until})"),
        class_="partly",
    )


def _coverage(coverage: Sequence[Coverage]) -> Iterator[Markup]:
    """What was not seen whole comes first; the rest is folded where it is long."""
    seen = [_source(entry) for entry in coverage if entry.state == "complete"]
    unseen = [_source(entry) for entry in coverage if entry.state != "complete"]
    if len(seen) <= _FEW:
        unseen, seen = unseen + seen, []
    if unseen:
        yield tag("ul", *unseen[:_SHOWN], *_more(unseen))
    if seen:
        told = f"{counted(len(seen), 'source')} {COVERAGE['complete']}"
        yield tag("details", tag("summary", told), tag("ul", *seen[:_SHOWN], *_more(seen)))


def _source(entry: Coverage) -> Markup:
    return tag(
        "li",
        tag("span", foreign(entry.source, NAME), class_="place"),
        f" {COVERAGE[entry.state]}",
        class_="proven" if entry.state == "complete" else "open",
    )


def _more(rows: Sequence[str]) -> Iterator[Markup]:
    if len(rows) > _SHOWN:
        yield tag("li", f"… and {len(rows) - _SHOWN:,} more", class_="partly")
