"""What every CI step pays before anything happens: start-up, beside Python's own."""

from benchmarks.timing import PYTHON, TOOL, ratio, row


def main() -> None:
    """Print the ratio."""
    print("start-up, beside `python -c pass`")
    row("ci-secrets --help", ratio([TOOL, "--help"], [PYTHON, "-c", "pass"], runs=21), 3.0)
