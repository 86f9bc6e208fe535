"""What the pages tell a stranger to write, taken out of them, and the servers it is tried on."""

import base64
import json
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ci_secrets.testing.ci import CiStand, Kind, ci_environment
from ci_secrets.testing.issuer import Issuer
from tests import patience
from tests.real.servers import (
    LOGIN_ROLE,
    PostgresServer,
    VaultServer,
    database_engine,
    find_postgres,
    find_vault,
)

ROOT = Path(__file__).parents[2]
TOOL = Path(sys.executable).with_name("ci-secrets")
STORE = "https://vault.example:8200"
"""The store of all pages."""

DEPLOY = """\
#!/bin/sh
# Uses what it was given, tells the test of it, and has two accidents.
set -eu
PGPASSWORD=$DB_PASSWORD psql -XqAt -h "$DB_HOST" -p "$DB_PORT" -U "$DB_USER" -d postgres \\
    -c "SELECT 'in as ' || current_user"
printf '%s\\n' "$API_KEY" "$DB_USER" "$DB_PASSWORD" >"$PROBE"
test -z "${TLS_KEY:-}" || grep -q 'PRIVATE KEY' "$TLS_KEY"
echo "plain $API_KEY"
printf %s "$DB_PASSWORD" | base64 -w0 | base64 -w0
echo
"""


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page, in their order, without the indentation of lists."""
    fenced = rf"^```{language}\n(.*?)^```$"
    found = re.findall(fenced, (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


def block(page: str, language: str, *holding: str) -> str:
    """The only block of a page that holds all these texts."""
    (found,) = [each for each in blocks(page, language) if all(text in each for text in holding)]
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str = ""

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.out + self.err


@dataclass(kw_only=True, slots=True)
class Stage:
    """A real Vault that issues users of a real PostgreSQL, and trusts one issuer."""

    vault: VaultServer
    postgres: PostgresServer
    issuer: Issuer
    api_key: str
    folder: Path

    def told(self, text: str, claims: Mapping[str, Any] | None = None) -> str:
        """A page's text with the names of this stage in place of the made-up ones."""
        claims = claims or {}
        names = {
            STORE: self.vault.url,
            "https://token.actions.githubusercontent.com": self.issuer.url,
            "https://gitlab.example": self.issuer.url,
            "https://jenkins.example/oidc": self.issuer.url,
            '"123456789"': json.dumps(str(claims.get("repository_id"))),
            '"4711"': json.dumps(str(claims.get("project_id"))),
        }
        # In one pass: a real name may look like another made-up one.
        pattern = "|".join(map(re.escape, names))
        return re.sub(pattern, lambda found: names[found[0]], text)

    def operator(self, script: str, folder: Path | None = None) -> Done:
        """Run shell lines as somebody who administers Vault with its own command line."""
        vault = find_vault()
        assert vault is not None
        env = {
            "PATH": f"{vault.parent}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "VAULT_ADDR": self.vault.url,
            "VAULT_TOKEN": self.vault.root_token,
        }
        return run(["sh", "-e", "-c", script], env=env, cwd=folder or self.folder)

    def furnish(self) -> None:
        """Engines and secrets that the pages take for granted."""
        self.vault.write(
            "secret/data/deploy/production",
            data={"api_key": self.api_key, "db_password": self.api_key[::-1]},
        )
        database_engine(self.vault, self.postgres, role="app-readonly", creation=LOGIN_ROLE)
        self.vault.enable_engine("pki")
        self.vault.write("pki/root/generate/internal", common_name="shop", ttl="24h")
        names = {"allowed_domains": ["shop.example"], "allow_bare_domains": True}
        self.vault.write("pki/roles/web", **names, ttl="1h")
        self.vault.write("pki/roles/too-long", **names, ttl="48h", max_ttl="48h")

    def policy_for_app(self) -> None:
        """What the line for any machine in README.md needs."""
        self.vault.write("secret/data/app", data={"password": self.api_key})
        rules = block("docs/vault.md", "hcl", "secret/data/deploy")
        self.vault.policy("app", rules.replace("deploy/production", "app"))
        self.role("deploy", "app")

    def role(self, name: str, *policies: str, **settings: Any) -> str:
        """A role of `auth/jwt` for any JWT that is made for this Vault."""
        self.vault.write(
            f"auth/jwt/role/{name}",
            **{
                "role_type": "jwt",
                "user_claim": "sub",
                "bound_audiences": [self.vault.url],
                "token_policies": list(policies or ["deploy"]),
                "token_ttl": "10m",
                **settings,
            },
        )
        return name

    def job(self, kind: Kind, folder: Path, config: str = "") -> "RealJob":
        """A job of one CI with deploy.sh and, where given, a ci-secrets.yaml in its checkout."""
        stand = ci_environment(kind, folder, self.issuer, audience=self.vault.url)
        deploy = stand.workspace / "deploy.sh"
        deploy.write_text(DEPLOY)
        deploy.chmod(0o755)
        if config:
            (stand.workspace / "ci-secrets.yaml").write_text(self.told(config, stand.claims))
        on_path = folder / "bin"
        on_path.mkdir()
        (on_path / "ci-secrets").symlink_to(TOOL)
        env = {
            "PATH": f"{on_path}:{find_postgres()}:{stand.env['PATH']}",
            "DB_HOST": self.postgres.host,
            "DB_PORT": str(self.postgres.port),
            "PROBE": str(folder / "probe"),
        }
        if kind == "generic":  # its runs share a key that none of them takes away
            env["XDG_RUNTIME_DIR"] = str(on_path)
        return RealJob(stage=self, stand=stand, env={**stand.env, **env})


@dataclass(kw_only=True, slots=True)
class RealJob:
    """One job of one CI against the real store."""

    stage: Stage
    stand: CiStand
    env: dict[str, str] = field(repr=False)

    def run(self, *words: str, **more: str) -> Done:
        """`ci-secrets WORDS` as a step of the job, with more variables."""
        return run(["ci-secrets", *words], env={**self.env, **more}, cwd=self.stand.workspace)

    def sh(self, script: str, *flags: str, **more: str) -> Done:
        """A script as a step of the job."""
        argv = ["sh", *flags, "-c", script]
        return run(argv, env={**self.env, **more}, cwd=self.stand.workspace)

    def begin(self, *options: str, **more: str) -> "subprocess.Popen[bytes]":
        """`exec` with a command that waits for the end of its stdin, as far as it runs."""
        script = f"./deploy.sh >/dev/null && echo {patience.READY} && cat"
        process = subprocess.Popen(
            [TOOL, "exec", *options, "--", "sh", "-c", script],
            cwd=self.stand.workspace,
            env={**self.env, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        if not patience.is_ready(process.stdout):
            raise AssertionError(process.communicate(b"", timeout=patience.SECONDS)[1].decode())
        return process

    @staticmethod
    def end(process: "subprocess.Popen[bytes]") -> Done:
        """Let the command of `begin` end, and say how `exec` ended."""
        out, err = process.communicate(b"", timeout=patience.SECONDS)
        return Done(code=process.returncode, out=out.decode(), err=err.decode())

    @property
    def probe(self) -> Path:
        """What deploy.sh was given: API key, user, password."""
        return Path(self.env["PROBE"])

    def used(self) -> tuple[str, str]:
        """Database user and password that deploy.sh had logged in with."""
        _, user, password = self.probe.read_text().splitlines()
        return user, password

    def values(self) -> list[str]:
        """All secret values that deploy.sh had."""
        return self.probe.read_text().splitlines()

    def user_is_alive(self) -> bool:
        """Whether PostgreSQL still lets the job's own user in."""
        return self.stage.postgres.can_login(*self.used())


def run(argv: list[str], *, env: Mapping[str, str], cwd: Path) -> Done:
    """A program with this environment and no other."""
    done = subprocess.run(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    return Done(
        code=done.returncode,
        out=done.stdout.decode("utf-8", "replace"),
        err=done.stderr.decode("utf-8", "replace"),
    )


def shown_forms(text: str, value: str) -> list[str]:
    """In which forms a value stands in a text; computed here, not by what is tested."""
    raw = value.encode()
    forms = {"raw": value, "percent": quote(value, safe=""), "json": json.dumps(value)[1:-1]}
    for once in _base64(raw):
        forms[f"base64 {once}"] = once
        forms |= {f"base64 twice {twice}": twice for twice in _base64(once.encode())}
    forms |= {f"{name} url": form.translate(_URL) for name, form in forms.items()}
    forms |= {"hex": raw.hex(), "HEX": raw.hex().upper()}
    return [name for name, form in forms.items() if form in text]


def nothing_stays(job: RealJob, log: str) -> None:
    """No value of the job in the log in any form, none in its folders, and no user alive."""
    assert [shown_forms(log, value) for value in job.values()] == [[], [], []]
    assert not job.user_is_alive()
    kept = [
        path
        for path in job.stand.workspace.parent.rglob("*")
        if path.is_file() and path != job.probe
    ]
    for value in job.values():
        assert [path for path in kept if value.encode() in path.read_bytes()] == []


_URL = str.maketrans("+/", "-_")


def _base64(raw: bytes) -> list[str]:
    """At each alignment, without what the bytes before and after have a part in."""
    return [base64.b64encode(b"\0" * shift + raw).decode()[4:-4] for shift in range(3)]


def operators_command(said: str) -> str:
    """The command that a report tells the operator to run."""
    (command,) = re.findall(r"an operator ends it with: (.*)", said)
    assert shlex.split(command)[0] == "vault"
    return str(command)
