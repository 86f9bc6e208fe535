"""`ci-secrets audit verify [FILE] [--head H]`: is the trail whole."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from ci_secrets.cli.options import add as add_options
from ci_secrets.console import Console
from ci_secrets.errors import AuditBrokenError, UsageError
from ci_secrets.text import foreign


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = "%(prog)s verify [options] [FILE]"
    parser.add_argument("action", choices=["verify"], help="the only one")
    parser.add_argument("file", nargs="?", type=Path, help="the trail [CI_SECRETS_AUDIT_FILE]")
    add_options(parser, "head")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or 10 with what is wrong."""
    from ci_secrets.audit import verify
    from ci_secrets.job.state import audit_key

    file = arguments.file or environment.get("CI_SECRETS_AUDIT_FILE")
    if not file:
        raise UsageError("Which trail?", fix="ci-secrets audit verify FILE")
    found = verify(Path(file), head=arguments.head, key=audit_key(environment))
    if found.problems:
        raise AuditBrokenError(
            f"The trail {foreign(file)} is not whole.", fix="\n".join(found.problems)
        )
    runs = f"{found.runs} run{'s' if found.runs != 1 else ''}"
    console.say(f"the trail is whole: {found.records} records of {runs}", "good")
    for sentence in found.unclosed:
        console.warn(sentence)
    if found.unclosed and arguments.head is None:
        console.detail("only a head tells which: --head, from the log of the last run", "plain")
    for line in found.torn:
        console.detail(f"line {line} was left unfinished by a crash", "warn")
    return 0
