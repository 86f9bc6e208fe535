"""`.ci-secrets-ignore`: what it accepts, for how long, and how its mistakes are told."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.errors import ConfigError
from ci_secrets.leaks.findings import Coverage, Finding, Report, Verdict
from ci_secrets.leaks.ignore import MAX_BYTES, Entry, apply, parse, read

TODAY = date(2026, 11, 22)
A, B = "a" * 32, "0123456789abcdef" * 2
REST = "until=2027-01-31 rotated, see OPS-412"


def finding(fingerprint: str) -> Finding:
    """A finding that is known by this fingerprint."""
    return Finding(
        file="log",
        line=1,
        column=1,
        end_line=1,
        end_column=9,
        secret="PW",
        form=(),
        severity="high",
        fingerprint=fingerprint,
    )


def entry(fingerprint: str, until: date) -> Entry:
    """An entry in line 3."""
    return Entry(line=3, fingerprint=fingerprint, until=until, reason="rotated")


class TestTheFile:
    """One finding a line, with comments."""

    def test_an_entry_is_fingerprint_last_day_and_reason(self) -> None:
        """Blank lines and comments count as lines, and are nothing else."""
        text = f"\ufeff# why\n\n  {A}  {REST}  \r\n# x\n{B}\tuntil=2026-11-22\tré # no comment\n"
        assert parse(text.encode(), TODAY) == (
            Entry(line=3, fingerprint=A, until=date(2027, 1, 31), reason="rotated, see OPS-412"),
            Entry(line=5, fingerprint=B, until=TODAY, reason="ré # no comment"),
        )

    def test_an_empty_file_accepts_nothing(self) -> None:
        """It is no mistake."""
        assert parse(b"", TODAY) == parse(b"# nothing\n", TODAY) == ()

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (A, "a line is a fingerprint"),
            (f"{A[:-1]} {REST}", "a line is a fingerprint"),
            (f"{A.upper()} {REST}", "a line is a fingerprint"),
            (f"* {REST}", "a line is a fingerprint"),
            (f"{A} rotated", "after the fingerprint comes the last day"),
            (f"{A} until=tomorrow x", "after the fingerprint comes the last day"),
            (f"{A} until=2026-02-30 x", "after the fingerprint comes the last day"),
            (f"{A} until=20270131 x", "after the fingerprint comes the last day"),
            (f"{A} until=٢٠٢٧-01-31 x", "after the fingerprint comes the last day"),
            (f"{A} until=2027-01-31", "there is no reason"),
            (f"{A} until=2027-11-24 x", "the last day lies more than 366 days ahead"),
            (f"{A} until=9999-12-31 x", "the last day lies more than 366 days ahead"),
            (f"{B} {REST}", "the fingerprint stands in line 2 already"),
        ],
    )
    def test_a_mistake_is_told_with_its_line(self, line: str, why: str) -> None:
        """And with how a line looks; never with its words."""
        text = f"# head\n{B} {REST}\n{line}\n"
        with pytest.raises(ConfigError, match=r"^\.ci-secrets-ignore:3: ") as caught:
            parse(text.encode(), TODAY)
        assert why in caught.value.what
        assert caught.value.fix == "FINGERPRINT until=YYYY-MM-DD why it may stay"
        assert caught.value.exit_code == 3

    def test_a_year_ahead_is_the_most(self) -> None:
        """What is accepted is looked at again."""
        day = TODAY + timedelta(days=366)
        assert parse(f"{A} until={day} x".encode(), TODAY)[0].until == day

    @given(st.binary(max_size=200))
    def test_any_bytes_are_entries_or_a_mistake(self, data: bytes) -> None:
        """Nothing else happens."""
        try:
            assert parse(data, TODAY) == ()
        except ConfigError:
            return

    def test_it_is_read_from_its_place(self, tmp_path: Path) -> None:
        """A file that is too big, not there, or no file is a mistake."""
        file = tmp_path / "ignore"
        file.write_text(f"{A} {REST}\n")
        assert [it.fingerprint for it in read(file, TODAY)] == [A]
        with pytest.raises(ConfigError, match="No such file"):
            read(tmp_path / "other", TODAY)
        with pytest.raises(ConfigError, match="Is a directory"):
            read(tmp_path, TODAY)
        file.write_bytes(b"#" * (MAX_BYTES + 1))
        with pytest.raises(ConfigError, match="larger than 1024 KiB"):
            read(file, TODAY)

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        """It holds nothing."""
        os.mkfifo(tmp_path / "pipe")
        assert read(tmp_path / "pipe", TODAY) == ()


class TestWhatIsAccepted:
    """Findings that are listed and not yet over."""

    REPORT = Report(
        findings=(finding(A), finding(B), finding(A)),
        coverage=(Coverage(source="log", state="complete"),),
    )

    def test_a_listed_finding_does_not_count(self) -> None:
        """All places with its fingerprint, up to and with the last day; the others stay."""
        report, notes = apply(self.REPORT, [entry(A, TODAY)], TODAY)
        assert report.findings == (finding(B),)
        assert [it.finding for it in report.accepted] == [finding(A), finding(A)]
        assert {(it.reason, it.until) for it in report.accepted} == {("rotated", TODAY)}
        assert notes == []
        assert report.verdict is Verdict.LEAKED

    def test_a_report_with_nothing_else_is_clean(self) -> None:
        """Its verdict is by what counts."""
        report, _ = apply(self.REPORT, [entry(A, TODAY), entry(B, TODAY)], TODAY)
        assert report.verdict is Verdict.CLEAN

    def test_what_is_over_counts_again(self) -> None:
        """And it is said."""
        yesterday = TODAY - timedelta(days=1)
        report, notes = apply(self.REPORT, [entry(A, yesterday)], TODAY)
        assert report.findings == self.REPORT.findings
        assert report.accepted == ()
        assert notes == ["line 3: accepted until 2026-11-21, so it counts again"]

    def test_an_entry_that_fits_nothing_is_said(self) -> None:
        """A mistyped fingerprint, or a log that is gone; whether it is over or not."""
        _, notes = apply(self.REPORT, [entry("c" * 32, TODAY), entry("d" * 32, date.min)], TODAY)
        assert notes == ["line 3: nothing with this fingerprint was found"] * 2
