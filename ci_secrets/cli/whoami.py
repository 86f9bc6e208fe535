"""`ci-secrets whoami`: the identity's claims, allow-listed, and where they came from."""

import argparse
import sys
from collections.abc import Mapping

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.options import one_of
from ci_secrets.cli.wanted import IDENTITY
from ci_secrets.console import Console

_FORMATS = ("text", "json")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, *IDENTITY, "audience", "format")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do it; 0, or 4."""
    from ci_secrets import platforms
    from ci_secrets.platforms.interface import IdentityOptions
    from ci_secrets.text import foreign, inert_json

    form = one_of(_FORMATS, arguments.format, "format")
    identity = IdentityOptions(
        id_token_env=arguments.id_token_env,
        id_token_file=arguments.id_token_file,
        run_id=arguments.run_id,
    )
    platform = platforms.detect(environment, arguments.platform, identity)
    console.annotate = platform.annotate
    token = platform.id_token(arguments.audience or "")
    claims = token.shown_claims()
    if form == "json":
        shown = {"platform": platform.name, "from": token.came_from, "claims": claims}
        sys.stdout.write(inert_json(shown) + "\n")
        return 0
    console.say(f"{platform.name}, from {token.came_from}; not verified here: the store verifies")
    width = max((len(name) for name in claims), default=0)
    for name, value in claims.items():
        sys.stdout.write(f"{name:<{width}}  {foreign(value)}\n")
    return 0
