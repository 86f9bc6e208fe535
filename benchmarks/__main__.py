"""`make bench`: runs every bench and prints its table."""

import sys

from benchmarks import leaks, recall, start, wall

BENCHES = {"start": start.main, "wall": wall.main, "leaks": leaks.main, "recall": recall.main}


def main() -> None:
    """Run the benches that are named, or all."""
    for name in sys.argv[1:] or BENCHES:
        BENCHES[name]()


main()
