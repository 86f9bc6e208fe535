"""A checkout that was written by an attacker: its ci-secrets.yaml, its links, its odd files."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ci_secrets.testing.ci import ci_environment
from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault.server import DevVault
from tests.stories.story import Done, Story

ELSEWHERE = "https://vault.attacker.example:8200"


def _config(story: Story, *, url: str = "", more: str = "", secrets: str = "") -> str:
    return (
        f'version: 1\nstores: {{vault: {{url: "{url or story.vault.url}", role: deploy{more}}}}}\n'
        f"secrets:\n{secrets or '  API_KEY: vault:secret/data/deploy#api_key'}\n"
    )


def _refused(story: Story, issuer: Issuer, env: Mapping[str, str] | None = None) -> Done:
    """Run `exec` and see it refused before anybody was asked for anything."""
    minted = len(issuer.minted)
    done = story.run("exec", "--", "echo", "CMD RAN", env=env)
    assert done.code == 3, done.said
    assert "Internal error" not in done.err
    assert "CMD RAN" not in done.out
    assert len(issuer.minted) == minted
    assert story.vault.requests == []
    return done


class TestWhereTheJwtGoes:
    """The file says to which server the job's identity is sent."""

    @pytest.mark.parametrize(
        "audience",
        [", audience: https://vault.shop.example", ", audience: 'https://vault.shop.example:8200'"],
    )
    def test_another_host_than_the_audience(
        self, github: Story, issuer: Issuer, audience: str
    ) -> None:
        """A JWT that opens the real store is not made for, nor sent to, another host."""
        github.configure(_config(github, url=ELSEWHERE, more=audience))
        done = _refused(github, issuer)
        assert "vault.attacker.example" in done.err

    def test_a_host_that_is_not_allowed(self, github: Story, issuer: Issuer) -> None:
        """Where CI_SECRETS_ALLOWED_STORES is set, no other store is asked; the file cannot add."""
        github.configure(_config(github, url=ELSEWHERE))
        allowed = {"CI_SECRETS_ALLOWED_STORES": "https://vault.shop.example"}
        assert "not allowed" in _refused(github, issuer, env=allowed).err

    def test_a_host_to_be_redirected_to(self, github: Story, issuer: Issuer) -> None:
        """`hosts:` is bound like the URL: where the token may follow is no way around."""
        audience = f", audience: https://vault.shop.example, hosts: ['{ELSEWHERE}']"
        github.configure(_config(github, url="https://vault.shop.example", more=audience))
        _refused(github, issuer)

    @pytest.mark.parametrize(
        "url",
        [
            "http://vault.attacker.example:8200",
            "https://user:pw@vault.attacker.example",
            "https://127.0.0.1@vault.attacker.example",
            "https://vault.attacker.example#@127.0.0.1",
            r"https://vault.attacker.example\\@127.0.0.1",
            "http://127.0.0.1.attacker.example",
            "http://2130706433",
            "ftp://127.0.0.1",
            "https://127.0.0.1%2f@vault.attacker.example",
        ],
    )
    def test_urls_that_two_parsers_read_differently(
        self, github: Story, issuer: Issuer, url: str
    ) -> None:
        """What looks like loopback and is not, or is no plain URL, is refused."""
        github.configure(_config(github, url=url, more=", audience: https://vault.shop.example"))
        assert "pw" not in _refused(github, issuer).err

    def test_the_file_of_a_pull_request_is_not_read(self, issuer: Issuer, tmp_path: Path) -> None:
        """On pull_request_target the checkout may be the fork's: only `--config` names a file."""
        event = {"pull_request": {"head": {"repo": {"full_name": "fork/shop"}}}}
        with DevVault() as vault:
            stand = ci_environment(
                "github", tmp_path, issuer, claims={"event_name": "pull_request_target"},
                event=event,
            )  # fmt: skip
            story = Story(vault=vault, stand=stand, api_key="")
            story.runtime.mkdir()
            story.configure(_config(story))
            done = _refused(story, issuer)
        assert "pull_request_target" in done.err

    def test_the_token_does_not_follow_a_redirect(self, github: Story) -> None:
        """A store that sends us to another port of the same machine is left."""
        with DevVault() as other:
            github.vault.inject(
                path="secret/*",
                times=None,
                status=307,
                headers={"Location": f"{other.url}/v1/secret/data/deploy"},
            )
            done = github.run("exec", "--", "true")
        assert done.code == 5, done.err
        assert other.requests == []
        assert "not trusted" in done.err
        assert github.tokens() == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_the_jwt_does_not_follow_a_redirect(self, github: Story, status: int) -> None:
        """The same for the login itself."""
        with DevVault() as other:
            github.vault.inject(
                path="auth/*",
                times=None,
                status=status,
                headers={"Location": f"{other.url}/v1/auth/jwt/login"},
            )
            done = github.run("exec", "--", "true")
        assert done.code == 5, done.err
        assert other.requests == []


def _aliases(path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path.write_text("\n".join(lines) + "\n")


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _large(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(100 * 1024 * 1024)


def _utf16(path: Path) -> None:
    path.write_bytes("version: 1\n".encode("utf-16"))


def _text(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text, "utf-8", "surrogateescape")

    return write


FILES: dict[str, Callable[[Path], None]] = {
    "aliases": _aliases,
    "a tag that calls Python": _text('!!python/object/apply:os.system ["touch executed"]\n'),
    "a tag of its own": _text("version: !env SECRET\n"),
    "100 MB": _large,
    "no end": _endless,
    "a FIFO": _fifo,
    "a directory": _directory,
    "depth": _text("[" * 100_000),
    "depth of mappings": _text("{a: " * 5_000),
    "duplicate keys": _text("version: 1\nversion: 1\n"),
    "two documents": _text("version: 1\n---\nversion: 1\n"),
    "NUL": _text("version: 1\0\n"),
    "not UTF-8": _text("version: \udcff\n"),
    "a huge number": _text("version: " + "9" * 10_000 + "\n"),
    "a merge key": _text("<<: {version: 1}\n"),
    "a list": _text("- version\n"),
    "UTF-16": _utf16,
}


@pytest.mark.parametrize("make", FILES.values(), ids=FILES.keys())
def test_a_file_that_is_no_configuration(
    github: Story, issuer: Issuer, make: Callable[[Path], None]
) -> None:
    """It is exit 3, at once, with nothing executed and nobody asked."""
    make(github.stand.workspace / "ci-secrets.yaml")
    _refused(github, issuer)
    assert not (github.stand.workspace / "executed").exists()


@pytest.mark.parametrize("place", ["/proc/self/environ", "home/netrc"])
def test_a_file_that_is_a_link_shows_nothing_of_its_target(
    github: Story, issuer: Issuer, place: str
) -> None:
    """A link to what only the job may read does not put it in the log by way of an error."""
    folder = github.stand.workspace.parent
    (folder / "home" / "netrc").write_text(f"version: 1\n{github.api_key}: x\n")
    config = github.stand.workspace / "ci-secrets.yaml"
    config.unlink()
    config.symlink_to(folder / place)
    done = _refused(github, issuer, env={"AAA": f"version: 1\n{github.api_key}: 1\n"})
    assert github.api_key not in done.said
    assert github.stand.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] not in done.said


@pytest.mark.parametrize(
    "secret",
    [
        "  PATH: vault:secret/data/deploy#api_key",
        "  LD_PRELOAD: vault:secret/data/deploy#api_key",
        "  NODE_OPTIONS: vault:secret/data/deploy#api_key",
        "  GITHUB_ENV: vault:secret/data/deploy#api_key",
        "  BASH_ENV: vault:secret/data/deploy#api_key",
        "  '../API_KEY': {from: 'vault:secret/data/deploy#api_key', as: file}",
        '  "A\\nB": vault:secret/data/deploy#api_key',
        "  API_KEY: vault:secret/../sys/mounts#api_key",
        "  API_KEY: vault:secret/data/deploy/../../../sys/auth#api_key",
        '  API_KEY: "vault:secret/data/deploy?list=true#api_key"',
        '  API_KEY: "vault:secret/data/de\\nploy#api_key"',
        "  API_KEY: {from: 'vault:secret/data/deploy#api_key', as: file, mode: '4777'}",
        "  API_KEY: {from: 'vault:secret/data/deploy#api_key', as: /etc/passwd}",
    ],
)
def test_names_and_paths_that_lead_elsewhere(github: Story, issuer: Issuer, secret: str) -> None:
    """Variables that would break the job, and parts of paths that climb, are exit 3."""
    github.configure(_config(github, secrets=secret))
    _refused(github, issuer)


@pytest.mark.parametrize(
    "place", ["/tmp/ci-secrets-audit", "../audit.jsonl", "a/../../b", '"a\\0b"', '"a\\nb"', "."]
)
def test_the_trail_stays_in_the_checkout(github: Story, issuer: Issuer, place: str) -> None:
    """The file cannot choose where on the machine is written."""
    github.configure(_config(github) + f"audit: {{file: {place}}}\n")
    _refused(github, issuer)


def test_the_trail_is_not_written_through_a_link(github: Story, tmp_path: Path) -> None:
    """A link in the checkout does not make us append to somebody's file."""
    target = tmp_path / "authorized_keys"
    target.write_text("mine\n")
    (github.stand.workspace / "audit.jsonl").symlink_to(target)
    github.configure(_config(github) + "audit: {file: audit.jsonl, required: true}\n")
    done = github.run("exec", "--", "true")
    assert done.code == 10, done.err
    assert target.read_text() == "mine\n"


@pytest.mark.parametrize("option", ["--env-file", "--dotenv"])
def test_values_are_not_written_through_a_link(generic: Story, tmp_path: Path, option: str) -> None:
    """A link where the values should go is refused before anything is minted."""
    target = tmp_path / "public"
    (generic.stand.workspace / "out").symlink_to(target)
    done = generic.run("exchange", option, "out")
    assert done.code == 8, done.err
    assert not target.exists()
    assert generic.vault.requests == []


def test_a_report_is_not_written_through_a_link(generic: Story, tmp_path: Path) -> None:
    """The link's target stays as it was; the run ends as it would have."""
    target = tmp_path / "target"
    target.write_text("mine")
    (generic.stand.workspace / "report.json").symlink_to(target)
    done = generic.run("exec", "--report", "report.json", "--", "sh", "-c", "exit 7")
    assert done.code == 7, done.err
    assert target.read_text() == "mine"
    assert "revoked, proven" in done.err
