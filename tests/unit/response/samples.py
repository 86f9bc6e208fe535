"""Reports on logs, as small as can be."""

from ci_secrets.leaks.findings import Coverage, Finding, Report


def finding(**more: str) -> Finding:
    """Give a place in a log."""
    return Finding(
        file=more.get("file", "job.log"), line=2, column=3, end_line=2, end_column=9,
        secret=more.get("secret", "API_KEY"), form=("base64",), severity="high",
        fingerprint="f" * 32, excerpt="a *** b",
    )  # fmt: skip


SEEN = (Coverage(source="job.log", state="complete"),)
CLEAN = Report(coverage=SEEN)
LEAKED = Report(coverage=SEEN, findings=(finding(),))
CONTAINED = Report(coverage=SEEN, findings=(finding(),), contained=True)
UNSEEN = Report(coverage=(Coverage(source="job log", state="none"),))
