"""The inputs of hashicorp/vault-action: which are kept, and which are refused and why.

Source: action.yml and src/ of hashicorp/vault-action 3.4.0.
"""

from collections.abc import Mapping
from typing import Final

from ci_secrets.errors import ConfigError

KEPT: Final = (
    "url", "secrets", "pki", "namespace", "method", "role", "path", "token", "roleId", "secretId",
    "githubToken", "kubernetesTokenPath", "username", "password", "authPayload", "extraHeaders",
    "exportEnv", "exportToken", "outputToken", "caCertificate", "clientCertificate", "clientKey",
    "jwtGithubAudience", "secretEncodingType", "ignoreNotFound",
)  # fmt: skip
_NO_KEY: Final = (
    "A private key in the CI is a credential without end. Leave `jwtPrivateKey`, `jwtKeyPassword` "
    "and `jwtTtl` out: the job's own ID token is used (permissions: id-token: write)."
)
REFUSED: Final[Mapping[str, str]] = {
    "tlsSkipVerify": "TLS is always verified. Give the CA: `caCertificate`.",
    **dict.fromkeys(("jwtPrivateKey", "jwtKeyPassword", "jwtTtl"), _NO_KEY),
}
"""Input → what to do instead."""
FLAGS: Final = ("exportEnv", "exportToken", "outputToken", "ignoreNotFound")

Inputs = Mapping[str, str]
"""Name → text, empty where it was not given."""


def variable(name: str) -> str:
    """The variable in which the runner gives an input."""
    return f"INPUT_{name.upper()}"


def given(environment: Mapping[str, str]) -> Inputs:
    """The inputs of this step. Raises `ConfigError` for one that is refused."""
    inputs = {name: environment.get(variable(name), "").strip() for name in (*KEPT, *REFUSED)}
    for name, instead in REFUSED.items():
        if inputs[name] and not (name == "tlsSkipVerify" and not flag(inputs, name)):
            raise ConfigError(f"The input `{name}` is refused.", fix=instead)
    return inputs


def flag(inputs: Inputs, name: str) -> bool:
    """A truth value; `exportEnv` is true where it was not given. Raises `ConfigError`."""
    given = inputs[name]
    if given.lower() in ("true", "false"):
        return given.lower() == "true"
    if not given:
        return name == "exportEnv"
    raise ConfigError(
        f"The input `{name}` is neither true nor false.",
        cause="vault-action takes every word but `false` for true, `0` and `no` among them.",
        fix=f"{name}: true, or {name}: false.",
    )
