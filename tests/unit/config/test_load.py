"""Options, environment and file together make one Config."""

from pathlib import Path

import pytest

from ci_secrets.config.load import Options, resolve
from ci_secrets.config.model import Auth, Config, Field, Leaks, SecretRequest, StoreConfig
from ci_secrets.errors import CiSecretsError, ConfigError, UsageError

FILE = """\
version: 1
stores: {vault: {url: https://vault.example, role: of-file}}
secrets: {A: vault:p#a, T: {template: x}}
leaks: {on-leak: warn}
"""
URL = "https://given.example"


class Case:
    """A directory with or without ci-secrets.yaml."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "ci-secrets.yaml"

    def __call__(
        self,
        *,
        untrusted: str | None = None,
        environment: dict[str, str] | None = None,
        **keys: object,
    ) -> Config:
        options = Options(**keys)  # type: ignore[arg-type]
        return resolve(options, environment or {}, default_path=self.path, untrusted=untrusted)

    def refused(self, **keys: object) -> CiSecretsError:
        """The refusal."""
        with pytest.raises(CiSecretsError) as caught:
            self(**keys)  # type: ignore[arg-type]
        assert caught.value.fix
        return caught.value


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """No file yet."""
    return Case(tmp_path)


@pytest.fixture
def with_file(case: Case) -> Case:
    """With the file at its default place."""
    case.path.write_text(FILE)
    return case


class TestFile:
    """Which file is read."""

    def test_the_default_is_read(self, with_file: Case) -> None:
        """Without options the file at its default place says all."""
        config = with_file()
        assert (config.origin, config.path) == ("file", with_file.path)
        assert [entry.name for entry in config.secrets] == ["A"]
        assert [entry.name for entry in config.templates] == ["T"]

    def test_without_any_the_yaml_to_write_is_shown(self, case: Case) -> None:
        """Who begins gets a file to paste."""
        failure = case.refused()
        assert isinstance(failure, ConfigError)
        assert "stores:\n  vault: {url:" in failure.fix

    def test_the_yaml_to_write_is_good(self, case: Case) -> None:
        """What is shown to paste is read as it stands."""
        case.path.write_text(case.refused().fix.partition(":\n")[2])
        assert case().secrets[0].source == "vault:secret/data/app#password"

    def test_a_named_file_must_be_there(self, with_file: Case) -> None:
        """--config never falls back to the default."""
        assert "cannot be read" in with_file.refused(config=Path("/nowhere.yaml")).what

    def test_untrusted_events_read_named_files_only(self, with_file: Case) -> None:
        """A fork's ci-secrets.yaml is not read because it lies there."""
        failure = with_file.refused(untrusted="pull_request_target")
        assert "pull_request_target" in failure.what
        assert with_file(untrusted="fork", config=with_file.path).secrets
        config = with_file(untrusted="fork", url=URL, secrets="p b")
        assert (config.origin, config.leaks) == ("workflow", Leaks())

    def test_floors_hold(self, with_file: Case) -> None:
        """The file's `warn` does not loosen the environment's `fail`."""
        assert with_file().leaks.on_leak == "warn"
        assert with_file(environment={"CI_SECRETS_ON_LEAK": "fail"}).leaks.on_leak == "fail"

    def test_stores_are_checked(self, with_file: Case) -> None:
        """The allow-list binds."""
        failure = with_file.refused(environment={"CI_SECRETS_ALLOWED_STORES": URL})
        assert "not allowed" in failure.what


class TestUrl:
    """A store without a file."""

    def test_everything(self, with_file: Case) -> None:
        """All options arrive; the file is not read."""
        config = with_file(
            url=URL, role="r", mount="/ci/", namespace="team/", audience="aud",
            ca_file=Path("ca.pem"), secrets="p b",
        )  # fmt: skip
        assert config.stores == {
            "vault": StoreConfig(
                name="vault", url=URL, audience="aud", namespace="team", ca_file=Path("ca.pem"),
                auth=Auth(role="r", mount="ci"), origin="workflow",
            )
        }  # fmt: skip
        assert [entry.name for entry in config.secrets] == ["B"]
        assert config.path is None

    def test_with_a_named_file(self, with_file: Case) -> None:
        """--url takes the place of the file's store `vault`, its secrets stay."""
        with_file.path.write_text("version: 1\nsecrets: {A: vault:p#a}\n")
        config = with_file(url=URL, config=with_file.path)
        assert config.stores["vault"].url == URL
        assert config.stores["vault"].origin == "workflow"
        assert [entry.name for entry in config.secrets] == ["A"]

    @pytest.mark.parametrize("name", ["role", "method", "mount", "namespace", "audience"])
    def test_its_options_need_it(self, with_file: Case, name: str) -> None:
        """An option that would be ignored is refused."""
        failure = with_file.refused(**{name: "x"})
        assert isinstance(failure, UsageError)
        assert f"--{name}" in failure.what

    @pytest.mark.parametrize(
        "keys", [{"url": "http://x.example"}, {"mount": "../x"}, {"namespace": "a b"}]
    )
    def test_its_options_are_checked(self, case: Case, keys: dict[str, str]) -> None:
        """The workflow's slips are refused like the file's."""
        assert isinstance(case.refused(**{"url": URL, "secrets": "p a", **keys}), ConfigError)

    @pytest.mark.parametrize(
        ("method", "environment", "variables", "files"),
        [
            ("jwt", {"CI_SECRETS_TOKEN": "x", "VAULT_TOKEN": "x"}, {}, {}),
            (
                "approle",
                {"CI_SECRETS_ROLE_ID": "x", "CI_SECRETS_SECRET_ID": "x", "VAULT_TOKEN": "x"},
                {"role-id": "CI_SECRETS_ROLE_ID", "secret-id": "CI_SECRETS_SECRET_ID"},
                {},
            ),
            (
                "approle",
                {"CI_SECRETS_SECRET_ID_FILE": "/s", "CI_SECRETS_SECRET_ID": ""},
                {},
                {"secret-id": "/s"},
            ),
            ("userpass", {"CI_SECRETS_USERNAME": "x"}, {"username": "CI_SECRETS_USERNAME"}, {}),
            (
                "token",
                {"CI_SECRETS_TOKEN": "x", "VAULT_TOKEN": "y"},
                {"token": "CI_SECRETS_TOKEN"},
                {},
            ),
            ("token", {"VAULT_TOKEN": "y"}, {"token": "VAULT_TOKEN"}, {}),
            ("github", {"VAULT_TOKEN": "y"}, {}, {}),
            ("gcp", {"CI_SECRETS_PAYLOAD": "{}"}, {"payload": "CI_SECRETS_PAYLOAD"}, {}),
            ("kubernetes", {}, {}, {}),
            ("kubernetes", {"CI_SECRETS_JWT_FILE": "/t"}, {}, {"jwt": "/t"}),
        ],
    )
    def test_credentials_come_from_the_environment(
        self,
        case: Case,
        method: str,
        environment: dict[str, str],
        variables: dict[str, str],
        files: dict[str, str],
    ) -> None:
        """Each parameter has one variable; VAULT_TOKEN serves the method `token` only."""
        config = case(url=URL, method=method, secrets="p a", environment=environment)
        auth = config.stores["vault"].auth
        assert (auth.method, auth.environment, auth.files) == (method, variables, files)


class TestSecrets:
    """What is fetched."""

    def test_lines_take_the_place_of_the_file(self, with_file: Case) -> None:
        """A step that says what it wants gets this and no more."""
        config = with_file(secrets="p b | B")
        assert config.secrets == (
            SecretRequest(
                name="B", output_name="B", store="vault", path="p", selector=Field(keys=("b",))
            ),
        )
        assert config.templates == ()

    def test_several_stores(self, with_file: Case) -> None:
        """With two stores each line says which one it means."""
        with_file.path.write_text(
            "version: 1\nstores: {a: {url: https://a.example}, b: {url: https://b.example}}\n"
        )
        assert with_file(secrets="b:p x").secrets[0].store == "b"
        assert "of which store" in with_file.refused(secrets="p x").what

    @pytest.mark.parametrize("secrets", [None, "", " ; "])
    def test_nothing_to_fetch(self, case: Case, secrets: str | None) -> None:
        """It is a mistake, unless the login itself is wanted."""
        assert "nothing to fetch" in case.refused(url=URL, secrets=secrets).what
        assert case(url=URL, secrets=secrets, plain_login=True).secrets == ()

    def test_no_store(self, case: Case) -> None:
        """A file without stores needs --url."""
        case.path.write_text("version: 1\n")
        assert "No store" in case.refused().what
