"""`ci-secrets demo`: the whole story on this machine, on embedded parts, nothing left behind."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ci_secrets.cli.main import NOBODY_READS
from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.options import one_of
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError
from ci_secrets.job.signals import Stops
from ci_secrets.process import die_with

if TYPE_CHECKING:
    from ci_secrets.testing.ci import CiStand
    from ci_secrets.testing.issuer import Issuer
    from ci_secrets.testing.vault.admin import Administered

_STORES = ("embedded", "vault")
_SCRIPT = """\
echo "connecting as $DB_USER"
echo "debug: $(printf %s "$API_KEY" | base64 -w0 | base64 -w0)"
printf '\\033[32m✔ deployed\\033[0m\\n'
"""
_POLICY = """
path "secret/data/deploy/*" { capabilities = ["read"] }
path "database/creds/app" { capabilities = ["read"] }
path "pki/issue/app" { capabilities = ["create", "update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
"""
_STATIC = """\
  API_KEY: vault:secret/data/deploy/production#api_key
  DB_USER: vault:secret/data/deploy/production#db_user
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, "store")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Tell it; 0."""
    kind = one_of(_STORES, arguments.store, "store")
    colour = sys.stdout.isatty() and not environment.get("NO_COLOR")
    with (
        Stops().interrupting(),
        tempfile.TemporaryDirectory(prefix="ci-secrets-demo-") as folder,
        _stage(kind, Path(folder)) as stage,
    ):
        _tell(stage, colour=colour)
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stage:
    """Everything that the story needs, in a temporary folder."""

    store: "Administered"
    stand: "CiStand"
    trail: Path
    script: Path


@contextmanager
def _stage(kind: str, folder: Path) -> Iterator[_Stage]:
    from ci_secrets.testing.ci import ci_environment
    from ci_secrets.testing.issuer import Issuer

    with Issuer() as issuer, _store(kind) as (store, leased):
        _furnish(store, issuer)
        stand = ci_environment("github", folder, issuer)
        script = folder / "deploy.sh"
        script.write_text(_SCRIPT, encoding="utf-8")
        config = (
            f"version: 1\nstores:\n  vault: {{type: vault, url: '{store.url}', role: deploy}}\n"
            f"secrets:\n{_STATIC}{leased}"
        )
        (stand.workspace / "ci-secrets.yaml").write_text(config, encoding="utf-8")
        yield _Stage(store=store, stand=stand, trail=folder / "audit.jsonl", script=script)


@contextmanager
def _store(kind: str) -> "Iterator[tuple[Administered, str]]":
    """A server, and the line of ci-secrets.yaml for a leased secret of it."""
    if kind == "embedded":
        from ci_secrets.testing.vault.server import DevVault

        with DevVault() as store:
            path = store.dynamic("app", ttl="15m")
            yield store, f"  DB_PASSWORD: vault:{path}#password\n"
        return
    from ci_secrets.testing.vault.binary import VaultBinary

    with VaultBinary() as binary:
        binary.configure("sys/mounts/pki", type="pki")
        binary.configure("pki/root/generate/internal", common_name="demo", ttl="720h")
        binary.configure("pki/roles/app", allow_any_name=True, ttl="15m", generate_lease=True)
        entry = "{from: vault:pki/issue/app, with: {common_name: app.demo}, field: private_key}"
        yield binary, f"  TLS_KEY: {entry}\n"


def _furnish(store: "Administered", issuer: "Issuer") -> None:
    import secrets

    store.trust(issuer)
    store.policy("deploy", _POLICY)
    store.jwt_role(
        "deploy",
        token_policies=["deploy"],
        bound_claims={"repository": "shop/web", "ref": "refs/heads/main"},
        token_ttl="20m",  # noqa: S106  # a duration
    )
    store.put_secret("secret/deploy/production", api_key=secrets.token_urlsafe(24), db_user="shop")


def _tell(stage: _Stage, *, colour: bool) -> None:
    def step(number: int, text: str) -> None:
        line = f"{number}. {text}"
        sys.stdout.write(f"\n\x1b[1m{line}\x1b[0m\n" if colour else f"\n{line}\n")
        sys.stdout.flush()

    step(1, "A pipeline runs. Its CI vouches for it with a JWT:")
    claims = _run(stage, "whoami", "--audience", stage.store.url, capture=True).splitlines()
    for line in claims:
        if re.match(r"(iss|repository|ref|exp) ", line):
            sys.stdout.write(f"   {line}\n")
    step(2, "Only deploy.sh gets secrets for it; one line of it prints a secret, base64 twice:")
    for line in _SCRIPT.splitlines():
        sys.stdout.write(f"   {line}\n")
    step(3, "ci-secrets exec -- sh deploy.sh")
    _run(stage, "exec", "--", "sh", str(stage.script))
    step(4, "ci-secrets audit verify")
    _run(stage, "audit", "verify", str(stage.trail))
    sys.stdout.write("\nNothing is left behind. README.md has the lines for your CI.\n")


def _run(stage: _Stage, *words: str, capture: bool = False) -> str:
    """Run the real command line in the stand's environment. It ends with us, and before us."""
    with subprocess.Popen(
        [sys.executable, "-I", "-m", "ci_secrets", *words],
        cwd=stage.stand.workspace,
        env={**stage.stand.env, "CI_SECRETS_AUDIT_FILE": str(stage.trail)},
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.DEVNULL if capture else None,
        preexec_fn=partial(die_with, os.getpid()),
        text=True,
    ) as process:
        try:
            said, _ = process.communicate()
        except BaseException:
            process.terminate()  # and it closes its run, while there still is a store
            raise
    if process.returncode == NOBODY_READS:
        raise BrokenPipeError  # it shares our stdout
    if process.returncode:
        raise CiSecretsError(
            f"The demo stopped: ci-secrets {words[0]} ended in {process.returncode}."
        )
    return said or ""
