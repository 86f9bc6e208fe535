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

# Names, and beginnings of names (with `*`), by the reason why they are refused.
_REFUSED: Final = (
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
_EXACT: Final = {
    name: why for why, names in _REFUSED for name in names.split() if not name.endswith("*")
}
_BEGINNINGS: Final = {
    name[:-1]: why for why, names in _REFUSED for name in names.split() if name.endswith("*")
}


def check_name(name: str) -> None:
    """Refuse a name that is no variable's, or that would break the job. Raises `ConfigError`."""
    check_pattern(name)
    # NOTE: zsh ties `path` to `PATH`, and many tools read `http_proxy` as `HTTP_PROXY`.
    upper = name.upper()
    why = _EXACT.get(upper) or next(
        (why for start, why in _BEGINNINGS.items() if upper.startswith(start)), None
    )
    if why and upper not in _ALLOWED:
        raise ConfigError(
            f"`{foreign(name, 60)}` is refused as a name.",
            cause=f"A variable of that name {why}.",
            fix=_rename(f"APP_{upper.lstrip('_')}"),
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
    check_name(variable)
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
