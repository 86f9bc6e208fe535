"""Wrapped answers: a token that holds them, once; who opened it before us is a question."""

import re
from typing import Final

from ci_secrets.errors import ConfigError, RefusedError
from ci_secrets.secret import Secret
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.trouble import in_trouble, trouble
from ci_secrets.stores.vault.wire import Reply
from ci_secrets.text import foreign

# Source: Vault docs, "Token prefixes"; OpenBao and Vault before 1.10 write `s.`.
WRAPPING_TOKEN: Final = re.compile(r"(hv)?s\.[A-Za-z0-9_-]{20,}")
"""What a wrapping token looks like; a secret-id is a UUID."""


def unwrap_secret_id(client: Client, wrapped: Secret, creation_path: str | None) -> Secret:
    """The secret-id in a wrapping token, after a look at which path made it.

    Raises `ConfigError` without a path to compare with; `RefusedError` where it was made
    elsewhere (somebody's own secret-id in our place) or is used up (somebody was faster).
    """
    if not creation_path:
        raise ConfigError(
            "The secret-id is a wrapping token, and nothing says where it must come from.",
            cause="Without that, anybody who can replace the variable can put in an own secret-id.",
            fix="creation-path: auth/approle/role/ROLE/secret-id   # below auth:",
        )
    seen = _looked_up(client, wrapped, "secret-id")
    made_by = str((seen.data or {}).get("creation_path") or "")
    if made_by.strip("/") != creation_path.strip("/"):
        raise RefusedError(
            f"The wrapped secret-id was made by {foreign(made_by)}, "
            f"not by {foreign(creation_path)}.",
            cause="Somebody may have put an own wrapping token in place of yours.",
            fix="Find out who sets this variable; it was not unwrapped.",
        )
    secret_id = (unwrap(client, wrapped, "secret-id").data or {}).get("secret_id")
    if not isinstance(secret_id, str):
        raise RefusedError("The wrapped answer holds no secret-id.")
    return Secret(secret_id)


_WRAP: Final = "sys/wrapping/wrap"
_WRAP_POLICY: Final = f'path "{_WRAP}" {{ capabilities = ["update"] }}'
_HELD: Final = "text"


def wrap_text(client: Client, text: str, ttl_seconds: int) -> Secret:
    """A wrapping token that holds a text. Raises `RefusedError`, `UnreachableError`."""
    reply = client.wrap({_HELD: text}, ttl_seconds)
    if in_trouble(reply.status):
        raise trouble(reply, "the wrapping of the sealed values' key")
    token = (reply.wrap_info or {}).get("token")
    if not reply.ok or not isinstance(token, str):
        raise RefusedError(
            f"The store wraps nothing for us (status {reply.status}).",
            cause="The token may not use response wrapping; Vault's default policy lets it.",
            fix=f"{_WRAP_POLICY}   # in a policy",
        )
    return Secret(token)


def unwrap_text(client: Client, token: Secret) -> str:
    """What `wrap_text` wrapped, if nobody was faster. Raises `RefusedError`, `UnreachableError`."""
    seen = _looked_up(client, token, "sealed values' key")
    made_by = str((seen.data or {}).get("creation_path") or "")
    if made_by.strip("/") != _WRAP:
        raise RefusedError(f"The wrapping token was made by {foreign(made_by)}, not by {_WRAP}.")
    text = (unwrap(client, token, "sealed values' key").data or {}).get(_HELD)
    if not isinstance(text, str):
        raise RefusedError("The wrapped answer holds no key.")
    return text


def unwrap(client: Client, wrapping_token: Secret, what: str) -> Reply:
    """The answer in a wrapping token.

    Raises `RefusedError` where it is not there any more, `UnreachableError`.
    """
    return _of_wrapping(client.as_token(wrapping_token).unwrap(), what)


def _looked_up(client: Client, wrapping_token: Secret, what: str) -> Reply:
    return _of_wrapping(client.look_up_wrapping(wrapping_token), what)


def _of_wrapping(reply: Reply, what: str) -> Reply:
    if in_trouble(reply.status):
        raise trouble(reply, f"the wrapping token of the {foreign(what)}")
    if not reply.ok:
        raise _used_up(what)
    return reply


def _used_up(what: str) -> RefusedError:
    """The error for a wrapping token that is not valid: a possible theft."""
    return RefusedError(
        f"The wrapping token of the {foreign(what)} is not valid any more.",
        cause="It has expired, or somebody else has unwrapped it before this job: that may be a "
        "theft, for a wrapping token works once.",
        fix="If it had not expired, treat what was in it as stolen: destroy it (for a secret-id: "
        "auth/approle/role/ROLE/secret-id-accessor/destroy), and look in the store's audit log "
        "for sys/wrapping/unwrap.",
    )
