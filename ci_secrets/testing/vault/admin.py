"""What whoever sets a Vault up does first, in words; for the development server and real ones."""

from collections.abc import Mapping
from typing import Any, Protocol

from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault.wire import Json


class SetupError(Exception):
    """The server refused a piece of set-up; the text is its own."""


class Administered(Protocol):
    """A server that its administrator can call; the rest follows from `root`."""

    url: str

    def root(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """Call `/v1/<path>` as root: the status, and the body (empty where there is none)."""

    def configure(self, path: str, **fields: Any) -> Json:  # noqa: ANN401
        """Write to a path as root. Raises `SetupError` where that is refused."""
        status, body = self.root("POST", path, fields)
        if status >= 400:
            raise SetupError(f"{path}: {status} {'; '.join(body.get('errors', []))}")
        return body

    def trust(self, issuer: Issuer, mount: str = "jwt") -> None:
        """Mount the `jwt` auth method, with this issuer's keys."""
        self.configure(f"sys/auth/{mount}", type="jwt")
        self.configure(f"auth/{mount}/config", oidc_discovery_url=issuer.url)

    def policy(self, name: str, hcl: str) -> str:
        """Write a policy; returns its name."""
        self.configure(f"sys/policies/acl/{name}", policy=hcl)
        return name

    def jwt_role(self, name: str, *, mount: str = "jwt", **settings: Any) -> str:  # noqa: ANN401
        """Write a role of the `jwt` method; returns its name.

        Where nothing else is said it takes any JWT for the server's URL: `user_claim` is `sub`,
        `bound_audiences` the URL.
        """
        defaults: Mapping[str, Any] = {
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_audiences": [self.url],
        }
        self.configure(f"auth/{mount}/role/{name}", **{**defaults, **settings})
        return name

    def put_secret(self, path: str, **fields: Any) -> None:  # noqa: ANN401
        """Write a KV v2 secret; `path` is as users know it: `secret/deploy/production`."""
        mount, _, rest = path.partition("/")
        self.configure(f"{mount}/data/{rest}", data=fields)
