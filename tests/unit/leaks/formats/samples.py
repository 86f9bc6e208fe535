"""Reports with every kind of entry, and with every text that somebody else may have written."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from hypothesis import strategies as st

from ci_secrets.leaks.findings import Accepted, Coverage, Finding, Report, Skipped, fingerprint
from ci_secrets.leaks.formats import Context, Ending

CONTEXT: Final = Context(
    ended=datetime(2026, 11, 22, 6, 50, 0, tzinfo=UTC),
    commit="4f2a9c1d77e0b1c2d3e4f5a6b7c8d9e0f1a2b3c4",
    endings=(
        Ending(what="lease a/b at vault", outcome="revoked", closed=True, proven=True),
        Ending(what="token x at vault", outcome="failed", closed=False, proven=False, note="500"),
    ),
)


def finding(**changes: object) -> Finding:
    """One finding of a whole value, twice encoded, in the member of an archive."""
    form = ("base64", "json")
    found = Finding(
        file="logs.zip!/1_build.txt",
        line=41,
        column=7,
        end_line=41,
        end_column=63,
        secret="DB_PASSWORD",
        form=form,
        severity="high",
        fingerprint=fingerprint("DB_PASSWORD", form, "login ***"),
        excerpt="login ***",
    )
    return replace(found, **changes)  # type: ignore[arg-type]


FULL: Final = Report(
    findings=(
        finding(),
        finding(form=(), line=42, end_line=44, severity="medium", file="/var/log/a b#?.log"),
        finding(secret="PIN", form=("hex",), severity="low"),
    ),
    accepted=(Accepted(finding=finding(secret="OLD"), reason="rotated", until=date(2027, 1, 31)),),
    coverage=(
        Coverage(source="logs.zip!/1_build.txt", state="complete"),
        Coverage(source="other.txt", state="complete"),
        Coverage(source="job log", state="masked-view"),
        Coverage(source="job log", state="tail-missing"),
        Coverage(source="x.gz", state="none"),
    ),
    skipped=(Skipped(secret="PIN", reason="shorter than 6 bytes", extent="looked for at all"),),
    bytes=2_000_000,
    lines=9120,
    seconds=1.25,
)
REPORTS: Final = {
    "full": FULL,
    "contained": replace(FULL, contained=True),
    "clean": Report(coverage=FULL.coverage[:1]),
    "unknown": Report(coverage=FULL.coverage[-1:]),
    "nothing": Report(),
    "many": Report(findings=FULL.findings * 800, coverage=FULL.coverage * 300),
}

_PARTS: Final = (
    "</code>", "</style>", "<script>alert(1)</script>", '"', "'", "&#x27;", "]]>", "<!--", "-->",
    "\n", "\r\n", "\x1b[31m", "\0", "\u2028", "\u202e", "\udcff", "\ufffe", "::error::", "::",
    "##[error]", ",title=x", "%0A", "%", "|", "`", "[a](https://x.example)", "@all", "{0}", "***",
    "é", "\U0001f469\u200d\U0001f4bb", "=", "a b",
)  # fmt: skip
HOSTILE: Final = st.lists(
    st.sampled_from(_PARTS) | st.text(min_size=1, max_size=5), min_size=1, max_size=6
).map(lambda parts: _as_a_name("".join(parts)))
"""What somebody may call a file or a secret, or print beside a value."""


def _as_a_name(text: str) -> str:
    """As the system gives the names of files: what is not UTF-8 is escaped."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


def hostile(text: str) -> Report:
    """A report all of whose texts are this one."""
    found = finding(file=text, secret=text, excerpt=text)
    return Report(
        findings=(found, replace(found, end_line=43, form=())),
        accepted=(Accepted(finding=found, reason=text, until=date(2027, 1, 31)),),
        coverage=(Coverage(source=text, state="complete"), Coverage(source=text, state="none")),
        skipped=(Skipped(secret=text, reason=text),),
    )


def hostile_context(text: str) -> Context:
    """The same for what is told of the run."""
    ending = Ending(what=text, outcome=text, closed=False, proven=False, note=text)
    return replace(CONTEXT, endings=(ending,), commit=text)
