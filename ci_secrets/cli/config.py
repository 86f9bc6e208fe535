"""`ci-secrets config import FILE`: a ci-secrets.yaml out of what a CI file has already."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from ci_secrets.cli.options import add as add_options
from ci_secrets.console import Console
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = "%(prog)s import [options] FILE"
    parser.add_argument("action", choices=["import"], help="the only one")
    parser.add_argument("file", type=Path, help="a GitHub workflow, or a .gitlab-ci.yml")
    add_options(parser, "job")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or 3. The file goes to stdout, what it lacks to stderr."""
    from ci_secrets.config.importing import imported

    found = imported(arguments.file, arguments.job)
    sys.stdout.write(found.text)
    for note in found.notes:
        console.say(note, "warn")
    if not found.text:
        raise ConfigError("Nothing of it could be carried over; why is said above.")
    if len(found.jobs) > 1:
        names = ", ".join(foreign(name, 60) for name in found.jobs)
        console.say(
            f"these are the secrets of {len(found.jobs)} jobs ({names}), and each that reads the "
            "file gets all of them: --job NAME makes one of its own",
            "warn",
        )
    return 0
