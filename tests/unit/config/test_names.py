"""Names that would break the job never become variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.config.model import AllKeys, SecretRequest
from ci_secrets.config.names import PATTERN, check_distinct, check_name, expand, normalise
from ci_secrets.errors import ConfigError


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "path", "Path", "LD_PRELOAD", "LD_LIBRARY_PATH", "ld_audit",
        "DYLD_INSERT_LIBRARIES",
        "NODE_OPTIONS", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "ENV", "SHELLOPTS", "IFS", "PS4",
        "HOME", "GITHUB_ENV", "GITHUB_TOKEN", "RUNNER_TEMP", "ACTIONS_ID_TOKEN_REQUEST_URL", "CI",
        "CI_JOB_TOKEN", "GITLAB_CI", "JENKINS_URL", "BUILD_NUMBER", "WORKSPACE",
        "CIRCLE_OIDC_TOKEN_V2", "BITBUCKET_STEP_OIDC_TOKEN", "BUILDKITE_AGENT_ACCESS_TOKEN",
        "TF_BUILD", "SYSTEM_ACCESSTOKEN",
        "CI_SECRETS_STATE_KEY", "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "PERL5OPT", "RUBYOPT",
        "JAVA_TOOL_OPTIONS", "PROMPT_COMMAND", "LESSOPEN", "INPUT_TOKEN", "_",
        "_ci_secrets_action", "_ci_secrets_flags", "_CI_SECRETS_KEY", "_Ci_Secrets_home",
    ],
)  # fmt: skip
def test_names_that_break_the_job_are_refused(name: str) -> None:
    """In any case, with the reason and another name to take."""
    with pytest.raises(ConfigError) as caught:
        check_name(name)
    assert "A variable of that name" in caught.value.cause
    assert "such as" in caught.value.fix


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "NPM_TOKEN", "_x", "password", "USER",
     "GITLAB_TOKEN", "GH_TOKEN", "GIT_TOKEN", "PATHS", "CIRCLE", "HTTPS_PROXY", "NODE_AUTH_TOKEN",
     "LDAP_PASSWORD", "CIRCLE_TOKEN", "BITBUCKET_TOKEN", "SYSTEM_PASSWORD", "ENVIRONMENT",
     "BUILD_TOKEN", "a1"],
)  # fmt: skip
def test_usual_names_pass(name: str) -> None:
    """Names that look alike but are harmless are taken."""
    check_name(name)


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A.B", "É", "A\n", "A=B", "A\0", "$A"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """Only letters, digits and `_`."""
    with pytest.raises(ConfigError, match="cannot be a name"):
        check_name(name)


@pytest.mark.parametrize(
    ("key", "name"),
    [("a.b", "a__b"), ("a.b.c", "a__b__c"), ("npm-token", "npmtoken"), ("a b/c", "abc"),
     ("a_b", "a_b"), ("测试", "测试"), ("$", "")],
)  # fmt: skip
def test_keys_are_normalised(key: str, name: str) -> None:
    """Dots become two underscores, punctuation goes, letters stay."""
    assert normalise(key) == name


def wildcard(
    name: str = "", *, keep_case: bool = False, output: str | None = None
) -> SecretRequest:
    """A request for all keys."""
    return SecretRequest(
        name=name,
        output_name=output,
        store="vault",
        path="secret/data/app",
        selector=AllKeys(keep_case=keep_case),
    )


class TestExpand:
    """Every key of a wildcard gets a name as if somebody had written it."""

    def test_upper_case(self) -> None:
        """`*` makes upper case, of the prefix too."""
        assert expand(wildcard("App_"), "db.user-name") == (
            "APP_DB__USERNAME",
            "APP_DB__USERNAME",
        )

    def test_kept_case(self) -> None:
        """`**` keeps the case."""
        assert expand(wildcard("app_", keep_case=True), "dbUser") == ("app_dbUser", "app_dbUser")

    def test_lines_keep_the_case_of_outputs(self) -> None:
        """In vault-action's lines the output of `*` keeps its case."""
        assert expand(wildcard(output=""), "dbUser") == ("DBUSER", "dbUser")

    def test_paths_below(self) -> None:
        """What lies below the path is told apart by the path."""
        assert expand(wildcard(), "password", ("db", "main")) == (
            "DB_MAIN_PASSWORD",
            "DB_MAIN_PASSWORD",
        )

    @pytest.mark.parametrize("key", ["PATH", "ld_preload", "github_env", "1", "", "é", "🔑"])
    def test_hostile_keys_are_refused(self, key: str) -> None:
        """Who may write keys into the store does not get to set PATH."""
        with pytest.raises(ConfigError):
            expand(wildcard(), key)

    @pytest.mark.parametrize(
        "key",
        ["ERL_AFLAGS", "npm_config_script_shell", "NPM_CONFIG_REGISTRY", "openssl_conf",
         "TAR_OPTIONS", "RSYNC_RSH", "VIMINIT", "ANT_ARGS", "SBT_OPTS", "MAVEN_ARGS", "JAVA_HOME",
         "PIP_EXTRA_INDEX_URL", "UV_INDEX", "https_proxy", "ALL_PROXY", "no_proxy", "SSL_CERT_FILE",
         "REQUESTS_CA_BUNDLE", "GOPROXY", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", "CC",
         "GIT_TRACE_CURL", "SSLKEYLOGFILE"],
    )  # fmt: skip
    def test_only_a_person_may_choose_a_setting_of_a_tool(self, key: str) -> None:
        """What gives tools options, proxies or CAs is taken as written, and never from a store."""
        check_name(key)
        with pytest.raises(ConfigError) as caught:
            expand(wildcard(keep_case=True), key)
        assert "A variable of that name" in caught.value.cause
        assert "entry of its own" in caught.value.fix

    @pytest.mark.parametrize(
        "key",
        ["CARGO_REGISTRY_TOKEN", "YARN_NPM_AUTH_TOKEN", "UV_INDEX_INTERNAL_PASSWORD",
         "PIP_PASSWORD", "BUNDLE_GEMS__EXAMPLE__COM", "DOCKER_PASSWORD", "SSL_CERT",
         "PROXY_PASSWORD"],
    )  # fmt: skip
    def test_the_credentials_of_tools_are_no_settings(self, key: str) -> None:
        """What a tool reads a token or a password from may come from a wildcard."""
        assert expand(wildcard(), key) == (key, key)

    @given(st.text(), st.booleans())
    def test_any_key_is_a_good_name_or_refused(self, key: str, keep_case: bool) -> None:
        """No key gets a name that a variable cannot have."""
        try:
            names = expand(wildcard("APP_", keep_case=keep_case, output="app_"), key)
        except ConfigError:
            return
        assert all(PATTERN.fullmatch(name) for name in names)


class TestDistinct:
    """Two secrets never have one name."""

    def test_a_clash_names_both(self) -> None:
        """The message says which two."""
        with pytest.raises(ConfigError) as caught:
            check_distinct([("A", "vault:x#a"), ("B", "vault:x#b"), ("A", "vault:y#a")])
        assert "vault:x#a and vault:y#a" in caught.value.what

    def test_case(self) -> None:
        """Variables differ by case, outputs do not."""
        pairs = [("a", "1"), ("A", "2")]
        check_distinct(pairs)
        with pytest.raises(ConfigError):
            check_distinct(pairs, ignore_case=True)
