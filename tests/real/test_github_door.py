"""The actions, run by act on a real Vault and a real PostgreSQL: what the job sees, what stays."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ci_secrets.testing.claims import github_claims
from tests.github_api import GitHubApi, Job
from tests.real.act import REPOSITORY, Workflow, find_act, release
from tests.real.conftest import missing
from tests.real.recipes import DEPLOY, Done, Stage, block, blocks, shown_forms
from tests.real.servers import VaultServer

CONFIG = """\
version: 1
stores:
  vault: {type: vault, url: "https://vault.example:8200", role: door}
secrets:
  API_KEY: vault:secret/data/deploy/production#api_key
  DB:
    from: vault:database/creds/app-readonly
    fields: {username: DB_USER, password: DB_PASSWORD}
"""
EXCHANGE = """\
- uses: actions/checkout@v4
- id: secrets
  uses: OWNER/ci-secrets/actions/exchange@v1
  with:
    cache-dir: ${{ env.CACHE }}
"""
DEPLOYED = """\
- run: ./deploy.sh
  env:
    API_KEY: ${{ steps.secrets.outputs.API_KEY }}
    DB_USER: ${{ steps.secrets.outputs.DB_USER }}
    DB_PASSWORD: ${{ steps.secrets.outputs.DB_PASSWORD }}
"""
PROVEN = "revoked, proven: 1 token and 1 lease"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that keeps the packages from run to run, as on one's own runner."""
    return tmp_path_factory.mktemp("cache-dir")


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give our repository as a runner fetches it."""
    return release(tmp_path_factory.mktemp("ours"))


@pytest.fixture
def workflow(stage: Stage, cache: Path, ours: Path, tmp_path: Path) -> Workflow:
    """Give a repository with deploy.sh and a ci-secrets.yaml, on GitHub."""
    if find_act() is None:
        missing("act")
    stage.role("door")
    env = {"CACHE": str(cache)}
    made = Workflow(stage=stage, folder=tmp_path / "github", ours=ours, env=env)
    made.add("deploy.sh", DEPLOY)
    made.add("ci-secrets.yaml", stage.told(CONFIG))
    return made


def _values(workflow: Workflow) -> list[str]:
    """What deploy.sh was given: API key, user, password."""
    values = workflow.probe.read_text().splitlines()
    assert len(values) == 3
    assert values[0] == workflow.stage.api_key
    return values


def _gone(workflow: Workflow) -> None:
    """The database user is dead, and no file of the run has a value."""
    values = _values(workflow)
    assert not workflow.stage.postgres.can_login(*values[1:])
    assert workflow.left_with(*values) == []


class TestExchange:
    """The action `exchange`: outputs, and an end that comes whatever happens."""

    def test_outputs(self, workflow: Workflow) -> None:
        """A later step has the values, the log has none, and after the job all is revoked."""
        done = workflow.run(EXCHANGE + DEPLOYED)
        assert done.code == 0, done.said
        api_key, user, password = _values(workflow)
        assert "in as ***" in done.said
        assert "plain ***" in done.said
        for value in (api_key, user):
            assert shown_forms(done.said, value) == []
        assert password not in done.said
        assert done.said.index("./deploy.sh") < done.said.index(PROVEN)
        _gone(workflow)

    def test_the_key_of_the_state(self, workflow: Workflow) -> None:
        """It is masked before anything could show it, and no file of it stays."""
        shown = '- run: printf \'%s\\n\' "key=$KEY" && printf %s "$KEY" >"$PROBE"\n'
        given = "  env: {KEY: '${{ steps.secrets.outputs.state-key }}'}\n"
        done = workflow.run(EXCHANGE + shown + given)
        assert done.code == 0, done.said
        assert "key=***" in done.said
        key = workflow.probe.read_text()
        assert re.fullmatch(r"[0-9a-f]{64}", key)
        assert key not in done.said
        assert workflow.left_with(key) == []

    def test_a_later_step_fails(self, workflow: Workflow) -> None:
        """The job fails as it would without us, and its end revokes all the same."""
        done = workflow.run(EXCHANGE + DEPLOYED + "- run: exit 7\n")
        assert done.code == 1
        assert "exit status 7" in done.said, done.said
        assert PROVEN in done.said
        _gone(workflow)

    def test_the_exchange_fails(self, workflow: Workflow) -> None:
        """A missing secret fails the step with its own code; what was minted before is revoked."""
        config = workflow.stage.told(CONFIG.replace("#api_key", "#nothing"))
        workflow.add("ci-secrets.yaml", config)
        done = workflow.run(EXCHANGE + DEPLOYED)
        assert done.code == 1
        assert "exit status 7" in done.said, done.said
        assert "gave up · revoked, proven: 1 token" in done.said
        assert "already closed" in done.said
        assert not workflow.probe.exists()

    def test_no_permission(self, workflow: Workflow) -> None:
        """Without `id-token: write` it says which YAML grants it; there is nothing to end."""
        workflow.identity = False
        done = workflow.run(EXCHANGE)
        assert done.code == 1
        assert "exit status 4" in done.said, done.said
        assert "id-token: write" in done.said

    def test_cancelled(self, workflow: Workflow) -> None:
        """A job that is cancelled while it uses the values has them revoked at its end."""
        slow = DEPLOYED.replace("./deploy.sh", "./deploy.sh && sleep 300")
        done = workflow.cancel_when(workflow.probe, workflow.begin(EXCHANGE + slow))
        assert PROVEN in done.said
        _gone(workflow)

    def test_two_in_one_job(self, workflow: Workflow) -> None:
        """Each ends what it opened: one's key is not the other's."""
        again = EXCHANGE.partition("\n")[2].replace("id: secrets", "id: again")
        done = workflow.run(EXCHANGE + again + DEPLOYED)
        assert done.code == 0, done.said
        assert done.said.count(f"ci-secrets: {PROVEN}") == 2
        _gone(workflow)

    def test_variables(self, workflow: Workflow) -> None:
        """`export-env: true` sets variables for all later steps; without it there are none."""
        steps = EXCHANGE + '- run: test -z "${API_KEY:-}" && test -z "${DB_USER:-}"\n'
        assert workflow.run(steps).code == 0
        exported = EXCHANGE + "    export-env: true\n- run: ./deploy.sh\n"
        done = workflow.run(exported)
        assert done.code == 0, done.said
        assert PROVEN in done.said
        _gone(workflow)


class TestSetup:
    """The action `setup`: the tool for the steps that follow."""

    def test_a_shell_for_one_step(self, workflow: Workflow) -> None:
        """The recommended way: one step has the values, and act sees its output redacted."""
        steps = """\
- uses: actions/checkout@v4
- uses: OWNER/ci-secrets/actions/setup@v1
  with: {cache-dir: "${{ env.CACHE }}"}
- run: ./deploy.sh | cat
  shell: ci-secrets exec -- bash --noprofile --norc -eo pipefail {0}
- run: test -z "${API_KEY:-}" && command -v ci-secrets
"""
        done = workflow.run(steps)
        assert done.code == 0, done.said
        for value in _values(workflow):
            assert shown_forms(done.said, value) == []
        assert "verdict: contained" in done.said
        assert PROVEN in done.said
        _gone(workflow)

    def test_a_shell_whose_step_fails(self, workflow: Workflow) -> None:
        """With this shell `-e` and `pipefail` hold, and the step's code is the script's."""
        steps = """\
- uses: actions/checkout@v4
- uses: OWNER/ci-secrets/actions/setup@v1
  with: {cache-dir: "${{ env.CACHE }}"}
- run: |
    ./deploy.sh >/dev/null
    (exit 7) | cat
    echo not reached
  shell: ci-secrets exec -- bash --noprofile --norc -eo pipefail {0}
"""
        done = workflow.run(steps)
        assert done.code == 1
        assert "exit status 7" in done.said, done.said
        assert "| not reached" not in done.said
        _gone(workflow)

    def test_a_shell_that_is_killed(self, workflow: Workflow) -> None:
        """What it had opened is revoked when the job ends, long before the heartbeat would."""
        workflow.add(
            "deploy.sh", DEPLOY + 'kill -9 "$(ps -o ppid= -p $PPID | tr -d " ")"; sleep 1\n'
        )
        steps = """\
- uses: actions/checkout@v4
- uses: OWNER/ci-secrets/actions/setup@v1
  with: {cache-dir: "${{ env.CACHE }}"}
- run: ./deploy.sh & wait
  shell: ci-secrets exec -- bash --noprofile --norc -eo pipefail {0}
"""
        done = workflow.run(steps)
        assert done.code == 1
        assert PROVEN in done.said.partition("Run Post")[2], done.said
        _gone(workflow)


class TestScan:
    """The action `scan`: what the job is about to give away."""

    STEPS = """\
- run: mkdir dist && printf '%s' "$API_KEY" | base64 -w0 | base64 -w0 >dist/app.js
  env:
    API_KEY: ${{ steps.secrets.outputs.API_KEY }}
- uses: OWNER/ci-secrets/actions/scan@v1
  with:
    paths: |
      dist
      deploy.sh
    state-key: ${{ steps.secrets.outputs.state-key }}
    report: sarif=leaks.sarif
    cache-dir: ${{ env.CACHE }}
- if: always()
  run: cp leaks.sarif "$PROBE"
"""

    def test_a_value_in_what_is_built(self, workflow: Workflow) -> None:
        """Ends the step in 11 and says where and in which form, never what; the report is there."""
        done = workflow.run(EXCHANGE + self.STEPS)
        assert done.code == 1
        assert "exit status 11" in done.said, done.said
        assert "dist/app.js:1:1: API_KEY as base64 of base64" in done.said
        assert shown_forms(done.said, workflow.stage.api_key) == []
        assert '"uri": "dist/app.js"' in workflow.probe.read_text()

    def test_nothing_in_it(self, workflow: Workflow) -> None:
        """Lets the job go on."""
        done = workflow.run(EXCHANGE + self.STEPS.replace('"$API_KEY"', "harmless"))
        assert done.code == 0, done.said
        assert "clean" in done.said


class TestVaultAction:
    """The drop-in: steps that were written for hashicorp/vault-action, and an end that revokes."""

    CHECKOUT = "- uses: actions/checkout@v4\n"
    STEP = """\
- id: vault
  uses: OWNER/ci-secrets/actions/vault-action@v1
  with:
    cache-dir: ${{ env.CACHE }}
"""

    def _step(self, workflow: Workflow, **inputs: str) -> str:
        given = {"url": workflow.stage.vault.url} | inputs
        lines = "".join(f"    {name}: {json.dumps(text)}\n" for name, text in given.items())
        return self.CHECKOUT + self.STEP + lines

    def _jwt(self, workflow: Workflow, **inputs: str) -> str:
        audience = workflow.stage.vault.url
        given = {"method": "jwt", "role": "door", "jwtGithubAudience": audience}
        return self._step(workflow, **given, **inputs)

    def test_jwt(self, workflow: Workflow) -> None:
        """Variables and outputs as there, for the audience that GitHub gives where nobody asks."""
        workflow.stage.role("drop-in", bound_audiences=["https://github.com/shop"])
        lines = """
            secret/data/deploy/production api_key | API_KEY ;
            database/creds/app-readonly username | DB_USER ;
            database/creds/app-readonly password | DB_PASSWORD ;
            /secret/data/deploy/production db_password | OTHER
        """
        outputs = """\
- run: test "$A" = "$API_KEY" && test "$B" = "$OTHER"
  env: {A: "${{ steps.vault.outputs.API_KEY }}", B: "${{ steps.vault.outputs.OTHER }}"}
"""
        step = self._step(workflow, method="jwt", role="drop-in", secrets=lines)
        done = workflow.run(step + "- run: ./deploy.sh\n" + outputs)
        assert done.code == 0, done.said
        assert "plain ***" in done.said
        assert PROVEN in done.said
        _gone(workflow)

    def test_token(self, workflow: Workflow) -> None:
        """A plain login hands out a child of the token, which ends; the token itself lives on."""
        vault = workflow.stage.vault
        rules = 'path "auth/token/create" { capabilities = ["update"] }'
        given = vault.token("deploy", vault.policy("mother", rules))
        used = """\
- run: |
    test "$VAULT_TOKEN" = "$OUTPUT" && printf %s "$OUTPUT" >"$PROBE"
    curl -sf -H "X-Vault-Token: $OUTPUT" "$STORE/v1/auth/token/lookup-self" >/dev/null
  env: {OUTPUT: "${{ steps.vault.outputs.vault_token }}"}
"""
        workflow.env |= {"TOKEN": given, "STORE": vault.url}
        step = self._step(
            workflow, token="${{ env.TOKEN }}", exportToken="true", outputToken="true"
        )
        done = workflow.run(step + used)
        assert done.code == 0, done.said
        child = workflow.probe.read_text()
        assert child not in done.said
        assert vault.api("GET", "auth/token/lookup-self", token=child).status_code == 403
        assert vault.api("GET", "auth/token/lookup-self", token=given).status_code == 200
        assert workflow.left_with(child) == []

    def test_pki(self, workflow: Workflow) -> None:
        """A certificate with its key and CA, by the names of its role, all of one call."""
        used = """\
- run: printf '%s\\n' "$C" "$K" "$WEB_CA" >"$PROBE" && test "$C" = "$WEB_CERT"
  env: {C: "${{ steps.vault.outputs.web_cert }}", K: "${{ steps.vault.outputs.web_key }}"}
"""
        line = 'pki/issue/web {"common_name": "shop.example"} ;'
        done = workflow.run(self._jwt(workflow, pki=line) + used)
        assert done.code == 0, done.said
        made = workflow.probe.read_text()
        assert made.count("BEGIN CERTIFICATE") == 2
        assert made.count("PRIVATE KEY-----") == 2
        # NOTE: the first lines of it are the public number, which the certificate has as well
        key = made.splitlines()[made.splitlines().index("-----BEGIN RSA PRIVATE KEY-----") + 9]
        assert key not in done.said
        assert workflow.left_with(key) == []

    def test_what_goes_wrong(self, workflow: Workflow) -> None:
        """Is the output `errorMessage`; with `ignoreNotFound` a missing path is no error."""
        absent = "secret/data/deploy/production/nothing api_key | A"
        step = self._jwt(workflow, secrets=absent)
        failing = step.replace("  with:", "  continue-on-error: true\n  with:")
        told = '- run: \'printf %s "$SAID" >"$PROBE"\'\n'
        told += "  env: {SAID: '${{ steps.vault.outputs.errorMessage }}'}\n"
        role = workflow.stage.vault.policy(
            "absent", 'path "secret/data/deploy/production/nothing" { capabilities = ["read"] }'
        )
        workflow.stage.role("door", "deploy", role)
        ignored = step.removeprefix(self.CHECKOUT).replace("id: vault", "id: again")
        done = workflow.run(failing + told + ignored + "    ignoreNotFound: 'true'\n")
        assert done.code == 0, done.said
        said = workflow.probe.read_text()
        path = "secret/data/deploy/production/nothing"
        assert said == f"vault:{path}#api_key does not exist in the store."
        assert "is optional: left out" in done.said

    def test_certificates(self, workflow: Workflow) -> None:
        """The server's CA and our certificate are kept until the end needs them no more."""
        with VaultServer(tls=True) as vault:
            assert vault.ca_file is not None
            ours = vault.client_certificate("shop")
            files = {
                "caCertificate": vault.ca_file,
                "clientCertificate": ours.cert_file,
                "clientKey": ours.key_file,
            }
            pems = {name: base64.b64encode(f.read_bytes()).decode() for name, f in files.items()}
            vault.write("secret/data/app", data={"key": workflow.stage.api_key})
            workflow.env |= {"TOKEN": vault.root_token, "KEY": pems.pop("clientKey")}
            step = self._step(
                workflow,
                url=vault.url,
                token="${{ env.TOKEN }}",
                clientKey="${{ env.KEY }}",
                secrets="secret/data/app key",
                **pems,
            )
            done = workflow.run(step + "- run: find \"$RUNNER_TEMP\" -name '*.pem' | grep -c tls\n")
            assert done.code == 0, done.said
            assert "| 3" in done.said
            assert "revoked, proven: 1 token" in done.said
        assert list(workflow.temp.rglob("*.pem")) == []


class TestPages:
    """What README.md, docs/github.md and the actions' own pages tell, as it stands there."""

    @pytest.fixture
    def told(self, workflow: Workflow) -> Workflow:
        """Give the repository README's own ci-secrets.yaml."""
        config = block("README.md", "yaml", "version: 1")
        workflow.add("ci-secrets.yaml", workflow.stage.told(config, github_claims()))
        return workflow

    def test_the_first_page(self, told: Workflow) -> None:
        """Word for word, with packages from the index: all that it promises is so."""
        text = block("README.md", "yaml", "runs-on", "ci-secrets exec")
        done = told.run_workflow(f"on: push\n{text}")
        assert done.code == 0, done.said
        assert "in as ***" in done.said
        assert "verdict: contained" in done.said
        assert PROVEN in done.said
        for value in _values(told):
            assert shown_forms(done.said, value) == []
        _gone(told)

    def _kept(self, text: str) -> list[dict[str, Any]]:
        """The steps of a page, with packages from the test's folder."""
        parsed = yaml.safe_load(text)
        steps: list[dict[str, Any]] = (
            parsed if isinstance(parsed, list) else parsed["jobs"]["deploy"]["steps"]
        )
        for step in steps:
            if step.get("uses", "").startswith("OWNER/"):
                step.setdefault("with", {})["cache-dir"] = "${{ env.CACHE }}"
        return steps

    def test_the_page_of_github(self, told: Workflow) -> None:
        """The step with our shell has the values, and its log has none."""
        done = told.run(self._kept(block("docs/github.md", "yaml", "runs-on", "uses: OWNER")))
        assert done.code == 0, done.said
        assert "verdict: contained" in done.said
        for value in _values(told):
            assert shown_forms(done.said, value) == []
        _gone(told)

    def test_the_page_of_exchange(self, told: Workflow) -> None:
        """The lines of README and of the action are the same, and their step has its value."""
        text = block("README.md", "yaml", "actions/exchange@v1")
        assert yaml.safe_load(text) == yaml.safe_load(
            blocks("actions/exchange/README.md", "yaml")[0]
        )
        told.add("deploy.sh", '#!/bin/sh\nprintf %s "$API_KEY" >"$PROBE"; echo "plain $API_KEY"\n')
        done = told.run([{"uses": "actions/checkout@v4"}, *self._kept(text)])
        assert done.code == 0, done.said
        assert told.probe.read_text() == told.stage.api_key
        assert "plain ***" in done.said
        assert PROVEN in done.said

    def test_the_page_of_vault_action(self, told: Workflow) -> None:
        """Its lines set the variable that they name."""
        text = told.stage.told(blocks("actions/vault-action/README.md", "yaml")[0])
        used = {"run": 'printf %s "$API_KEY" >"$PROBE"'}
        done = told.run([{"uses": "actions/checkout@v4"}, *self._kept(text), used])
        assert done.code == 0, done.said
        assert told.probe.read_text() == told.stage.api_key
        assert "revoked, proven: 1 token" in done.said


class TestVerify:
    """`verify` in a following job: with what the job before has passed on, or by itself."""

    # NOTE: act gives actions GitHub's own address for the API, so that the command is run here;
    # that the action runs the same one is held by test_shim.
    COMMAND = """\
- uses: OWNER/ci-secrets/actions/setup@v1
  with: {cache-dir: "${{ env.CACHE }}"}
- run: printf %s "$HANDED" | GITHUB_API_URL="$STUB" ci-secrets verify
  env:
    HANDED: ${{ needs.deploy.outputs.hand-over }}
    CI_SECRETS_GITHUB_TOKEN: ${{ env.FOR_API }}
"""

    BY_ITSELF = """\
- uses: actions/checkout@v4
- uses: OWNER/ci-secrets/actions/setup@v1
  with: {cache-dir: "${{ env.CACHE }}"}
- run: GITHUB_API_URL="$STUB" ci-secrets verify --mode refetch
  env:
    CI_SECRETS_GITHUB_TOKEN: ${{ env.FOR_API }}
"""

    def _run(self, workflow: Workflow, log: str, command: str = COMMAND) -> Done:
        """Run the jobs of the action's page, before an API that has this log."""
        (page,) = (
            text
            for text in blocks("actions/verify/README.md", "yaml")
            if "jobs:" in text and ("refetch" in text) is ("refetch" in command)
        )
        jobs = yaml.safe_load(workflow.stage.told(page))["jobs"]
        for step in jobs["deploy"]["steps"][1:]:
            if "uses" in step:
                step.setdefault("with", {})["cache-dir"] = "${{ env.CACHE }}"
        jobs["verify"]["steps"] = yaml.safe_load(command)
        workflow.add("deploy.sh", '#!/bin/sh\nprintf %s "$API_KEY" >"$PROBE"\n')
        with GitHubApi(repository=REPOSITORY, run="1", jobs=[Job(name="deploy", log=log)]) as api:
            workflow.env |= {"STUB": api.url, "FOR_API": api.token}
            return workflow.run_workflow(yaml.safe_dump({"on": "push", "jobs": jobs}))

    def test_a_value_that_github_did_not_mask(self, workflow: Workflow) -> None:
        """Is found once the job is over and its token is gone: the key outlives both."""
        twice = base64.b64encode(base64.b64encode(workflow.stage.api_key.encode())).decode()
        done = self._run(workflow, f"fine\n{twice}\n")
        assert done.code == 1, done.said
        assert "log of the job deploy:2:1: API_KEY as base64 of base64" in done.said
        assert "exit status 11" in done.said
        assert twice not in done.said
        assert done.said.index(PROVEN) < done.said.index("log of the job deploy")

    def test_nothing_in_the_log(self, workflow: Workflow) -> None:
        """Both jobs succeed."""
        done = self._run(workflow, "fine\n")
        assert done.code == 0, done.said
        assert workflow.probe.read_text() == workflow.stage.api_key

    def test_by_itself(self, workflow: Workflow) -> None:
        """It logs in, fetches, and revokes before it reads; the user of the database is named."""
        done = self._run(workflow, workflow.stage.api_key.encode().hex(), self.BY_ITSELF)
        assert done.code == 1, done.said
        assert "exit status 11" in done.said
        assert "log of the job deploy:1:1: API_KEY as hex" in done.said
        assert "DB_PASSWORD, DB_USER: it is made anew for every job" in done.said
        last = done.said.rindex(PROVEN)
        assert last < done.said.index("log of the job deploy")
        assert shown_forms(done.said, workflow.stage.api_key) == []
        assert self._run(workflow, "fine\n", self.BY_ITSELF).code == 0
