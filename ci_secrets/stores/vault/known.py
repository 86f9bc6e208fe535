"""Which of the server's error texts mean what: they are recognised, never shown.

An answer's body may hold values, so that an error of ours says status and path, and what the
text means where it is one of these. Texts as of Vault 1.21 and OpenBao 2.5.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ci_secrets.errors import CiSecretsError, ConfigError, IdentityError, RefusedError
from ci_secrets.stores.vault.wire import Reply


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """One meaning of an error text."""

    pattern: str
    """A regular expression; its group `name`, if any, is put into `cause` and `fix`."""
    error: type[CiSecretsError]
    cause: str
    fix: str


LOGIN: Sequence[Known] = (
    Known(
        pattern=r"invalid audience|audience claim does not match",
        error=IdentityError,
        cause="The JWT was made for another audience than the role's `bound_audiences`.",
        fix="Write one of the role's audiences as `audience:` of the store, or add ours to the\n"
        "role: vault write auth/MOUNT/role/ROLE bound_audiences={audience} …",
    ),
    Known(
        pattern=r"no audiences bound to the role",
        error=RefusedError,
        cause="The role has no `bound_audiences`, and Vault 1.17 or newer then takes no JWT that "
        "has an audience.",
        fix="vault write auth/MOUNT/role/ROLE bound_audiences={audience} …",
    ),
    Known(
        pattern=r'claim "(?P<name>[\w./:-]{1,64})" (does not match|is missing)',
        error=RefusedError,
        cause="The claim {name} of this job's JWT is not what the role's `bound_claims` ask for.",
        fix="Compare `ci-secrets whoami` with `vault read auth/MOUNT/role/ROLE`; wildcards need\n"
        "bound_claims_type=glob there.",
    ),
    Known(
        pattern=r"invalid subject \(sub\)",
        error=RefusedError,
        cause="The claim sub of this job's JWT is not the role's `bound_subject`.",
        fix="Compare `ci-secrets whoami` with `vault read auth/MOUNT/role/ROLE`; bound_subject is\n"
        "compared as a whole, so prefer bound_claims.",
    ),
    Known(
        pattern=r"token is expired|invalid expiration time",
        error=IdentityError,
        cause="The JWT has expired.",
        fix="Log in nearer to the start of the job, or let the CI make a token that lives longer.",
    ),
    Known(
        pattern=r"not yet valid|invalid not before|invalid issued at",
        error=IdentityError,
        cause="The JWT is not valid yet: the clocks of the CI and of the store differ.",
        fix="Set the clock of the store's machine; the role's clock_skew_leeway bridges seconds.",
    ),
    Known(
        pattern=r"invalid issuer",
        error=IdentityError,
        cause="The JWT was issued by somebody else than the auth mount's `bound_issuer`.",
        fix="Compare `ci-secrets whoami` with `vault read auth/MOUNT/config`; one mount serves one "
        "issuer.",
    ),
    Known(
        pattern=r"verifying token signature|known key|malformed|no issued at",
        error=IdentityError,
        cause="The store cannot verify the JWT with the keys of its auth mount.",
        fix="Check that the mount's oidc_discovery_url (or jwks_url) is this CI's, and that the\n"
        "store can reach it.",
    ),
    Known(
        pattern=r"role .{0,100}could not be found|invalid role name|missing role",
        error=ConfigError,
        cause="There is no such role at this auth mount.",
        fix="Check `role:` (and `auth: {{mount: …}}`) of the store: vault list auth/MOUNT/role",
    ),
    Known(
        pattern=r"invalid role or secret ID|invalid role ID|missing secret_id|invalid secret id",
        error=RefusedError,
        cause="The role-id or the secret-id is wrong, expired or used up.",
        fix="Make a new one: vault write -f auth/MOUNT/role/ROLE/secret-id",
    ),
    Known(
        pattern=r"invalid username or password|ldap operation failed|missing password",
        error=RefusedError,
        cause="The user name or the password is wrong.",
        fix="Check the variable that `auth:` names for the password.",
    ),
    Known(
        pattern=r"invalid certificate|no chain matching|client certificate must be supplied"
        r"|failed to match all constraints",
        error=RefusedError,
        cause="No role of the auth mount accepts the client certificate (or none was sent).",
        fix="Name both files: client-cert: and client-key: in the store.",
    ),
    Known(
        pattern=r"service account|namespace not authorized|lookup failed",
        error=RefusedError,
        cause="The role does not accept this pod's service account or its namespace.",
        fix="Compare it with bound_service_account_names and …_namespaces of the role.",
    ),
    Known(
        pattern=r"unsupported path|no handler for route|route entry not found",
        error=ConfigError,
        cause="There is no auth mount at this path.",
        fix="Check `auth: {{mount: …}}` of the store: vault auth list",
    ),
    Known(
        pattern=r"permission denied|missing client token",
        error=RefusedError,
        cause="There is no auth mount at this path (in this namespace), or it refused the login "
        "without saying why.",
        fix="Check `auth: {{mount: …}}`, `namespace:` and the role: vault auth list",
    ),
)
"""Of a login, in the order in which they are tried."""

READ: Sequence[Known] = (
    Known(
        pattern=r"unknown role",
        error=ConfigError,
        cause="The engine has no such role.",
        fix="The last part of the path is the role: vault list MOUNT/roles",
    ),
    Known(
        pattern=r"encryption key not found",
        error=ConfigError,
        cause="The transit engine has no such key.",
        fix="The last part of the path is the key: vault list MOUNT/keys",
    ),
    Known(
        pattern=r"invalid ciphertext|cipher: message authentication failed",
        error=ConfigError,
        cause="The ciphertext was not made by this key.",
        fix="Give the whole `vault:v1:…` text as `with: {{ciphertext: …}}`.",
    ),
    Known(
        pattern=r"unsupported operation",
        error=ConfigError,
        cause="This path does not take this kind of request.",
        fix="Paths that make something from parameters take `with:` (an empty one is `with: {{}}`);"
        "\nothers must not have it.",
    ),
    Known(
        pattern=r"common name .{0,80}not allowed|not allowed by this role",
        error=RefusedError,
        cause="The role does not allow this name.",
        fix="Compare `with:` with allowed_domains of the role.",
    ),
    Known(
        pattern=r"beyond the expiration of the CA",
        error=RefusedError,
        cause="The role's ttl is longer than the CA of this engine has left to live.",
        fix="Ask for less (`with: {{ttl: 24h}}`), lower the role's ttl, or renew the CA.",
    ),
    Known(
        pattern=r"Vault is sealed|barrier is sealed",
        error=RefusedError,
        cause="The store is sealed.",
        fix="An operator must unseal it.",
    ),
)
"""Of a read or write, in the order in which they are tried."""


def meaning(
    known: Sequence[Known], reply: Reply, *, what: str, fills: dict[str, str] | None = None
) -> CiSecretsError:
    """The error that a refusing reply means; `what` says what we did, its status is added.

    `fills` are the words for `{…}` in the table's texts; they must be safe to show.
    """
    said = f"{what} (status {reply.status})."
    for entry in known:
        if found := re.search(entry.pattern, reply.errors, re.IGNORECASE):
            words = {**(fills or {}), **found.groupdict()}
            return entry.error(
                said, cause=entry.cause.format(**words), fix=entry.fix.format(**words)
            )
    return RefusedError(
        said,
        cause="The store said why, but its words may hold secrets and are not repeated here.",
        fix="Look at the store's own audit log, or do the same by hand with `vault`.",
    )
