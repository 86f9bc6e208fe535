"""Names of variables and outputs: what they may look like, and which would break the job.

A name comes from a person, or, with a wildcard, from whoever may write keys into the store: so a
key called `LD_PRELOAD` must not become a variable.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ci_secrets.config.model import AllKeys, SecretRequest
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

PATTERN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_ALLOWED: Final = frozenset({"GITLAB_TOKEN"})
"""Names of no CI, though they look it: GitLab itself sets no GITLAB_TOKEN, many tools read it."""

_Table = tuple[tuple[str, str], ...]
"""Reasons, and the names, and beginnings of names (with `*`), that are refused for each."""

_REFUSED: Final[_Table] = (
    ("would change how our own lines in a shell work", "_CI_SECRETS*"),
    ("would decide which programs the job runs", "PATH FPATH CDPATH"),
    ("would load foreign code into every program", "LD_* DYLD_* GLIBC_TUNABLES GCONV_PATH"),
    (
        "changes how shells work",
        "IFS ENV BASH_ENV BASHOPTS SHELLOPTS PS0 PS1 PS4 PROMPT_COMMAND GLOBIGNORE ZDOTDIR SHELL "
        "BASH_XTRACEFD POSIXLY_CORRECT OPTIND EXECIGNORE _ UID EUID PPID PIPESTATUS",
    ),
    ("tells programs where their files are", "HOME PWD OLDPWD TMPDIR XDG_*"),
    (
        "makes an interpreter run foreign code",
        "PYTHON* NODE_OPTIONS NODE_PATH NODE_TLS_REJECT_UNAUTHORIZED NODE_REPL_EXTERNAL_MODULE "
        "PERL5OPT PERL5LIB PERL5DB PERLLIB RUBYOPT RUBYLIB GEM_PATH GEM_HOME BUNDLE_GEMFILE "
        "JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH MAVEN_OPTS GRADLE_OPTS "
        "PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_PATH LUA_CPATH DOTNET_STARTUP_HOOKS CORECLR_* COR_* "
        "GOFLAGS GOENV RUSTFLAGS RUSTC_WRAPPER MAKEFLAGS",
    ),
    (
        "makes a tool start foreign programs",
        "GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS GIT_EXEC_PATH GIT_CONFIG* GIT_EXTERNAL_DIFF "
        "GIT_PROXY_COMMAND GIT_TEMPLATE_DIR GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_DIR "
        "GIT_SSL_NO_VERIFY SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR EDITOR VISUAL PAGER BROWSER "
        "LESSOPEN LESSCLOSE MANPAGER",
    ),
    (
        "belongs to the CI",
        "CI CI_* GITHUB_* RUNNER_* ACTIONS_* INPUT_* GITLAB_* JENKINS_* HUDSON_* BUILDKITE* "
        "CIRCLECI CIRCLE_OIDC_TOKEN* CIRCLE_WORKFLOW_* CIRCLE_JOB CIRCLE_PR_* BITBUCKET_STEP_* "
        "BITBUCKET_BUILD_NUMBER SYSTEM_ACCESSTOKEN SYSTEM_OIDCREQUESTURI AGENT_TEMPDIRECTORY "
        "BUILD_ID BUILD_NUMBER BUILD_TAG BUILD_URL BUILD_DISPLAY_NAME JOB_NAME JOB_BASE_NAME "
        "JOB_URL NODE_NAME NODE_LABELS EXECUTOR_NUMBER STAGE_NAME WORKSPACE WORKSPACE_TMP TF_BUILD",
    ),
)
_REFUSED_KEYS: Final[_Table] = (
    (
        "would decide which programs the job runs",
        "JAVA_HOME M2_HOME MAVEN_HOME GOROOT GOPATH GOTOOLCHAIN CARGO_HOME RUSTUP_* DOTNET_ROOT* "
        "CC CXX CARGO CARGO_BUILD_* CARGO_TARGET_* RUSTC RUSTC_WORKSPACE_WRAPPER RUSTDOC "
        "CMAKE_* PIP_PYTHON UV_PYTHON* YARN_YARN_PATH",
    ),
    (
        "would hand foreign options to a tool, or make it load foreign code",
        "ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ERL_LIBS ELIXIR_ERL_OPTIONS "
        "OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES NPM_CONFIG_* YARN_RC_FILENAME "
        "ANT_OPTS ANT_ARGS SBT_OPTS JAVA_OPTS JAVA_ARGS JRUBY_OPTS MAVEN_ARGS GRADLE_USER_HOME "
        "CARGO_ENCODED_RUSTFLAGS RUSTDOCFLAGS CGO_* CFLAGS CXXFLAGS CPPFLAGS LDFLAGS "
        "GNUMAKEFLAGS MFLAGS MAKEFILES TAR_OPTIONS RSYNC_RSH VIMINIT EXINIT "
        "GEMRC BUNDLE_APP_CONFIG BUNDLE_CONFIG BUNDLE_PATH JULIA_LOAD_PATH JULIA_DEPOT_PATH "
        "PSMODULEPATH DOTNET_ADDITIONAL_DEPS DOTNET_SHARED_STORE AWKPATH AWKLIBPATH TCLLIBPATH "
        "R_PROFILE* R_ENVIRON* R_LIBS* TF_CLI_* ANSIBLE_* "
        "GIT_TRACE* GIT_COMMON_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY "
        "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_ALLOW_PROTOCOL",
    ),
    (
        "would send the job's traffic another way",
        "HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY CURL_HOME WGETRC KRB5_CONFIG "
        "GOPROXY GOSUMDB GONOSUMDB GONOPROXY GOINSECURE GOPRIVATE CARGO_HTTP_* CARGO_SOURCE_* "
        "PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CONFIG_FILE PIP_TRUSTED_HOST "
        "PIP_CERT PIP_PROXY UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX "
        "UV_INDEX_STRATEGY UV_FIND_LINKS UV_CONFIG_FILE UV_INSECURE_HOST BUNDLE_MIRROR__*",
    ),
    (
        "would decide which servers the job trusts, or let others read its TLS",
        "SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS "
        "AWS_CA_BUNDLE GIT_SSL_CAINFO GIT_SSL_CAPATH SSLKEYLOGFILE",
    ),
)
"""Refused of the keys that a wildcard finds. A person may want them, and then writes them down."""


def check_name(name: str) -> None:
    """Refuse a name that is no variable's, or that would break the job. Raises `ConfigError`."""
    check_pattern(name)
    why = _why(name, _REFUSED)
    if why:
        raise _refusal(name, why)


def _check_key(name: str) -> None:
    """`check_name` for a name that nobody wrote down, but that came from the store."""
    check_name(name)
    why = _why(name, _REFUSED_KEYS)
    if why:
        raise _refusal(name, why, "\nIf you do want it, give this key an entry of its own.")


def _why(name: str, table: _Table) -> str | None:
    # NOTE: zsh ties `path` to `PATH`, and many tools read `http_proxy` as `HTTP_PROXY`.
    upper = name.upper()
    if upper in _ALLOWED:
        return None
    for why, names in table:
        for each in names.split():
            if upper == each or (each.endswith("*") and upper.startswith(each[:-1])):
                return why
    return None


def _refusal(name: str, why: str, more: str = "") -> ConfigError:
    return ConfigError(
        f"`{foreign(name, 60)}` is refused as a name.",
        cause=f"A variable of that name {why}.",
        fix=_rename(f"APP_{name.upper().lstrip('_')}") + more,
    )


def check_pattern(name: str) -> None:
    """Refuse what cannot be the name of a variable or an output. Raises `ConfigError`."""
    if not PATTERN.fullmatch(name):
        raise ConfigError(
            f"`{foreign(name, 60)}` cannot be a name.",
            cause="Names have letters A to Z, digits and `_`, and do not begin with a digit.",
            fix=_rename("MY_SECRET"),
        )


def _rename(example: str) -> str:
    return f"Choose another name, such as {foreign(example, 60)}; in --secrets: `… | NAME`."


def normalise(key: str) -> str:
    """The name that a key gets where the user chose none: `.` → `__`, punctuation dropped.

    The rule of vault-action's lines; letters keep their case.
    """
    return re.sub(r"\W", "", key.replace(".", "__"))


def expand(request: SecretRequest, key: str, below: Sequence[str] = ()) -> tuple[str, str]:
    """(variable, output) of one key that an `AllKeys` request found, both checked.

    `below` has the parts of the path below the request's own, where it is recursive. Raises
    `ConfigError`.
    """
    selector = request.selector
    parts = "_".join((*below, key))
    variable = normalise(request.name + parts)
    if not (isinstance(selector, AllKeys) and selector.keep_case):
        variable = variable.upper()
    output = variable
    if request.output_name is not None:
        output = normalise(request.output_name + parts)
    _check_key(variable)
    check_pattern(output)
    return variable, output


def check_distinct(named: Iterable[tuple[str, str]], *, ignore_case: bool = False) -> None:
    """Refuse two secrets with one name. Takes (name, where it comes from); raises `ConfigError`.

    `ignore_case` is for outputs: GitHub finds `steps.x.outputs.Name` in any case.
    """
    seen: dict[str, str] = {}
    for name, source in named:
        key = name.lower() if ignore_case else name
        if key in seen:
            raise ConfigError(
                f"Two secrets are called `{foreign(name, 60)}`: "
                f"{foreign(seen[key], 120)} and {foreign(source, 120)}.",
                cause="The second would silently replace the first.",
                fix="Give one of them another name; in --secrets: `path field | NAME`.",
            )
        seen[key] = source
