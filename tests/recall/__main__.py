"""`python -m tests.recall`: recall by way and kind, the misses, and the false findings."""

import argparse
import time
from collections.abc import Sequence

from tests.data.corpus import WAYS, absent, cases
from tests.data.values import KINDS
from tests.recall.judge import Result, engine_for, judge


def main() -> None:
    """Judge the engine as it stands."""
    parser = argparse.ArgumentParser(prog="python -m tests.recall", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the values; default 1")
    parser.add_argument("--all", action="store_true", help="print the form found in every case")
    parser.add_argument("--way", default="", help="only ways whose name holds this")
    parser.add_argument("--show", action="store_true", help="print what was printed in each miss")
    options = parser.parse_args()

    began = time.perf_counter()
    ways = [way for way in WAYS if options.way in way.name]
    known = list(cases(options.seed, ways=ways))
    clean = list(cases(options.seed, ways=ways, clean=True))
    printed = time.perf_counter()
    engine = engine_for(options.seed)
    results, empty = list(judge(engine, known)), list(judge(engine, clean))
    judged = time.perf_counter()

    _table(results)
    for result in results:
        if options.all or not result.hits:
            _line(result)
        if options.show and not result.hits:
            print(result.case.printed.decode(errors="replace"))
    for title, lot in (("known", results), ("clean", empty)):
        for result in lot:
            strays = result.strays if title == "known" else result.hits + result.strays
            for finding in strays:
                where = f"{result.case.way}/{result.case.kind}"
                print(f"false ({title}): {where}: {finding.secret} as {'/'.join(finding.form)}")
    for tool in sorted(absent()):
        print(f"not installed: {tool}: {', '.join(w.name for w in WAYS if tool in w.needs)}")
    _total(results)
    print(f"{len(ways)} ways; printing {printed - began:.1f} s, scanning {judged - printed:.1f} s")


def _table(results: Sequence[Result]) -> None:
    """A row for each way that misses something; a column for each kind."""
    marks: dict[str, dict[str, str]] = {}
    for result in results:
        mark = "." if not result.hits else _mark(result)
        marks.setdefault(result.case.way, {})[result.case.kind] = mark
    width = max(map(len, marks), default=0)
    print(" " * width, *(f"{kind:8}" for kind in KINDS))
    for way, row in marks.items():
        if "." in row.values():
            print(f"{way:{width}}", *(f"{row.get(kind, '-'):8}" for kind in KINDS))


def _mark(result: Result) -> str:
    return min(result.hits, key=lambda hit: ("high", "medium", "low").index(hit.severity)).severity


def _line(result: Result) -> None:
    forms = {f"{'/'.join(hit.form) or 'plain'} {hit.severity}" for hit in result.hits}
    found = ", ".join(sorted(forms)) or "MISSED"
    print(f"{result.case.way}/{result.case.kind}: {found}")


def _total(results: Sequence[Result]) -> None:
    for kind in KINDS:
        mine = [result for result in results if result.case.kind == kind]
        found = sum(bool(result.hits) for result in mine)
        print(f"{kind:9} {found:4} of {len(mine):4}  {100 * found / max(1, len(mine)):5.1f} %")
    found = sum(bool(result.hits) for result in results)
    print(f"all       {found:4} of {len(results):4}  {100 * found / max(1, len(results)):5.1f} %")


if __name__ == "__main__":
    main()
