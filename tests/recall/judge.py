"""Runs the engine over the corpus, and says what it missed and what it made up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.scan import scan_stream
from ci_secrets.secret import Secret
from tests.data.corpus import Case
from tests.data.values import values


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a scan of one case said."""

    case: Case
    hits: tuple[Finding, ...]
    """Of the value that was printed, where it was."""
    strays: tuple[Finding, ...]
    """Of other values, or in the ordinary lines."""


def engine_for(seed: int) -> Engine:
    """An engine that knows the known values of a seed by the names of their kinds."""
    return build({kind: Secret(value) for kind, value in values(seed).known.items()})


def judge(engine: Engine, cases: Iterable[Case]) -> Iterator[Result]:
    """Scan each case alone."""
    for case in cases:
        found = scan_stream(engine, [case.text], "job.log").findings
        hits = tuple(finding for finding in found if _is_hit(case, finding))
        strays = tuple(finding for finding in found if finding not in hits)
        yield Result(case=case, hits=hits, strays=strays)


def _is_hit(case: Case, finding: Finding) -> bool:
    first = case.text[: case.text.index(case.printed)].count(b"\n") + 1
    last = first + case.printed.rstrip(b"\n").count(b"\n")
    return of_kind(finding) == case.kind and finding.line <= last and finding.end_line >= first


def of_kind(finding: Finding) -> str:
    """The kind whose value was found: the name without the part (`json.password`, `pem[3]`)."""
    return finding.secret.partition(".")[0].partition("[")[0]


def assert_full_recall(engine: Engine, cases: Iterable[Case]) -> None:
    """Assert that the value of every case is found, and nothing else."""
    missed, strays = [], []
    for result in judge(engine, cases):
        name = f"{result.case.way}/{result.case.kind}"
        if not result.hits:
            missed.append(name)
        if result.strays:
            strays.append(name)
    assert not missed, f"{len(missed)} not found: {' '.join(missed)}"
    assert not strays, f"{len(strays)} with false findings: {' '.join(strays)}"


def assert_clean(engine: Engine, cases: Iterable[Case]) -> None:
    """Assert that nothing is found in cases of values that the engine does not know."""
    made_up = [
        f"{result.case.way}/{result.case.kind}"
        for result in judge(engine, cases)
        if result.hits or result.strays
    ]
    assert not made_up, f"{len(made_up)} false findings: {' '.join(made_up)}"
