"""Which parameters a login takes, and where they may come from."""

from collections.abc import Mapping
from typing import Final

from ci_secrets.config.model import Auth

METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "jwt": (),
    "cert": (),
    "approle": ("role-id", "secret-id", "creation-path"),
    "userpass": ("username", "password"),
    "ldap": ("username", "password"),
    "radius": ("username", "password"),
    "okta": ("username", "password"),
    "github": ("token",),
    "kubernetes": ("jwt",),
    "token": ("token",),
}
"""Method → its parameters. Any other method, and any of these too, takes `payload`: the JSON body
of the login."""
SECRET: Final = frozenset({"secret-id", "password", "token", "jwt", "payload"})
"""Parameters that a file must not hold, only say where they are found."""
AUDIENCE_BOUND: Final = frozenset({"jwt", "cert"})
"""Methods that give nothing away at a wrong server: a JWT is good for one audience, and the key of
a certificate never leaves."""


def parameters_of(method: str) -> tuple[str, ...]:
    """The parameters of a method, `payload` among them."""
    return (*METHODS.get(method, ()), "payload")


def from_environment(
    method: str, environment: Mapping[str, str], *, mount: str | None, role: str | None
) -> Auth:
    """The login of a store without a file: parameter `secret-id` is in CI_SECRETS_SECRET_ID.

    CI_SECRETS_SECRET_ID_FILE names a file with it instead. With method `token`, where neither is
    set, VAULT_TOKEN is taken, for the workflow asked for a token. Missing parameters are the
    store's to say.
    """
    variables: dict[str, str] = {}
    files: dict[str, str] = {}
    for parameter in parameters_of(method):
        variable = "CI_SECRETS_" + parameter.upper().replace("-", "_")
        if environment.get(variable):
            variables[parameter] = variable
        elif path := environment.get(f"{variable}_FILE"):
            files[parameter] = path
    if method == "token" and not (variables or files) and environment.get("VAULT_TOKEN"):
        variables["token"] = "VAULT_TOKEN"  # noqa: S105
    return Auth(method=method, mount=mount, role=role, environment=variables, files=files)
