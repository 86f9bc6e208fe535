"""The benches: that they stay runnable, and that their models of others are right."""

from base64 import b64encode
from pathlib import Path

import pytest

from benchmarks import leaks_logs, leaks_peers, masking, recall
from benchmarks.leaks_hostile import HOSTILE
from benchmarks.leaks_work import work
from tests.data import corpus

VALUE = "p@ss w0rd\"x'y&end-of-it"


def test_the_page_has_room_for_the_tables() -> None:
    """The marks between which the tables are written stand on the page once, in their order."""
    page = recall.PAGE.read_text()
    assert recall.replaced(recall.replaced(page, "a"), "b") == recall.replaced(page, "b")
    assert "\n\nb\n" in recall.replaced(page, "b")


def test_a_page_without_marks_is_refused() -> None:
    """Nothing is overwritten where the place is not sure."""
    with pytest.raises(ValueError, match="not enough values"):
        recall.replaced("# Forms\n", "b")


def test_every_way_belongs_to_one_family() -> None:
    """No way is missing in the tables, and none counts twice."""
    ways = [way.name for module in recall.FAMILIES.values() for way in module.WAYS]
    assert sorted(ways) == sorted(way.name for way in corpus.WAYS)


@pytest.mark.parametrize(
    "line",
    [
        VALUE,
        b64encode(VALUE.encode()).decode(),
        b64encode(b"x:" + VALUE.encode()).decode(),
        "p@ss w0rd\\\"x'y&end-of-it",
        "p%40ss%20w0rd%22x%27y%26end-of-it",
        "p@ss w0rd&quot;x&apos;y&amp;end-of-it",
        "\x1b[31mend-of-it\x1b[0m",
    ],
)
def test_github_masks_what_its_runner_spells(line: str) -> None:
    """The value as it is, as base64 behind other text, escaped, and in PowerShell's halves."""
    assert masking.github(VALUE)(f"before {line} after\n".encode())


def test_github_does_not_mask_base64_with_text_behind_it() -> None:
    """The padding is part of what it looks for; its rules for other ends were taken back."""
    (token,) = leaks_logs.known_values(1).values()
    assert masking.github(token)(b64encode(token.encode()))
    assert not masking.github(token)(b64encode(token.encode() + b"\n"))


def test_github_masks_line_by_line() -> None:
    """A value that a log wraps is not masked, but each line of a value of several lines is."""
    (token,) = leaks_logs.known_values(1).values()
    assert not masking.github(token)(token[:20].encode() + b"\n" + token[20:].encode())
    one, two = leaks_logs.known_values(2).values()
    assert masking.github(f"{one}\n{two}\n")(f"> {two}\n".encode())


def test_gitlab_masks_only_the_value_itself() -> None:
    """No spelling of it, and no single line."""
    masks = masking.gitlab(VALUE + "\n")
    assert masks(b"x" + VALUE.encode() + b"y")
    assert not masks(b64encode(VALUE.encode()))


def test_a_synthetic_log_is_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from its seed, is as long as asked for, and holds half of the values in clear."""
    texts = []
    for name in ("one", "two"):
        monkeypatch.setattr(leaks_logs, "CACHE", tmp_path / name)
        texts.append(leaks_logs.synthetic(leaks_logs.known_values(4), 9).read_bytes())
    assert texts[0] == texts[1]
    assert len(texts[0]) == 9 * leaks_logs.MB
    assert sum(one.encode() in texts[0] for one in leaks_logs.known_values(4).values()) == 2


def test_the_work_of_a_bench_finds_what_stands_there(tmp_path: Path) -> None:
    """What is measured is a search that finds: a bench of an engine that finds nothing is none."""
    log = tmp_path / "log"
    log.write_text("".join(f"token={one}\n" for one in leaks_logs.known_values().values()))
    took = work("scan", str(log))
    assert took.found == len(leaks_logs.known_values())
    assert took.bytes == log.stat().st_size


def test_hostile_texts_grow_with_what_is_asked_for() -> None:
    """Four hundredths are four times as long as one, so growth can be told."""
    for name in ("100 MB of one letter", "10 MB of nothing but values"):
        one, four = (sum(map(len, HOSTILE[name].chunks(part))) for part in (1, 4))
        assert four == 4 * one


def test_a_peer_is_told_a_value_as_a_literal() -> None:
    """Nothing in it is special to a regular expression."""
    assert leaks_peers.escaped("a.ä🔑\n") == r"a\x{2e}ä🔑\r?\n"
