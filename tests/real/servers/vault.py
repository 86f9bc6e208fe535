"""Vault 1.21.0 in dev mode, as `tests/real/install` builds it."""

import hashlib
import json
import os
import secrets
import signal
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trustme

from tests import patience
from tests.real.servers import process
from tests.real.servers.process import LOOPBACK, Process, Server, ServerError

_TOOLS = Path(__file__).parents[1] / "tools"
# Read once: a test that moves HOME or XDG_CACHE_HOME still finds the parts.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def real_dir() -> Path:
    """Return the cache folder into which `tests/real/install` puts what it builds."""
    return _CACHE / "ci-secrets" / "real"


def find_vault() -> Path | None:
    """Return the Vault binary that this checkout pins, or `None` if it is not built yet."""
    # The same key as in `install`.
    pinned = b"".join((_TOOLS / name).read_bytes() for name in ("go.mod", "go.sum", "build-flags"))
    vault = real_dir() / f"vault-{hashlib.sha256(pinned).hexdigest()[:12]}" / "vault"
    return vault if vault.is_file() else None


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate signed by the CA of a `VaultServer`, with its key, as files."""

    cert_file: Path
    key_file: Path


class VaultServer(Server):
    """A Vault in dev mode: in memory, unsealed, with a root token that only the test knows.

    With `tls=True` it speaks https under a CA of its own and asks clients for certificates.
    """

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__()
        # Vault refuses a chosen token with the `hvs.` of those that it mints.
        self.root_token = f"root-{secrets.token_hex(16)}"
        self.ca_file: Path | None = None
        self.url = ""
        self._ca = trustme.CA() if tls else None
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._ca is not None:
            self._ca.configure_trust(trust)
        self._client = httpx.Client(verify=trust, trust_env=False, timeout=patience.SECONDS)

    def _start(self) -> None:
        vault = find_vault()
        if vault is None:
            raise ServerError("Vault is not built; run: make real")
        folder = self._new_folder()
        address = f"{LOOPBACK}:{process.free_port()}"
        self.url = f"http://{address}"
        argv: list[str | Path] = [
            vault,
            "server",
            "-dev",
            "-dev-no-store-token",
            f"-dev-listen-address={address}",
            f"-dev-plugin-dir={vault.parent / 'plugins'}",
        ]
        if self._ca is not None:
            argv.append(f"-config={self._tls_config(self._ca, folder)}")
        # NOTE: no other variables: VAULT_* of the machine would change the server. The token is
        # one, because `ps` shows arguments to everybody.
        env = {
            "HOME": str(folder),
            "PATH": "/usr/bin:/bin",
            "TMPDIR": str(folder),
            "VAULT_DEV_ROOT_TOKEN_ID": self.root_token,
        }
        self._process = Process(argv, folder=folder, env=env)
        self._process.wait_ready(self._is_ready)

    def _tls_config(self, ca: trustme.CA, folder: Path) -> Path:
        """Write the configuration of a second, https listener; the plain one stays unused."""
        self.ca_file = folder / "ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        server = _write_certificate(ca.issue_cert(LOOPBACK, "localhost"), folder / "server")
        address = f"{LOOPBACK}:{process.free_port()}"
        self.url = f"https://{address}"
        listener = {
            "address": address,
            "tls_cert_file": str(server.cert_file),
            "tls_key_file": str(server.key_file),
            "tls_client_ca_file": str(self.ca_file),
        }
        config = folder / "vault.json"
        config.write_text(json.dumps({"listener": [{"tcp": listener}]}))
        return config

    def _is_ready(self) -> bool:
        # Only our server knows our token: a stranger on the same port does not count.
        try:
            answer = self._client.get(
                f"{self.url}/v1/auth/token/lookup-self",
                headers={"X-Vault-Token": self.root_token},
                timeout=1.0,
            )
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def api(
        self,
        method: str,
        path: str,
        json: object = None,
        token: str | None = None,
        namespace: str | None = None,
    ) -> httpx.Response:
        """Call `/v1/{path}`, as root unless another token is given (an empty one sends none)."""
        token = self.root_token if token is None else token
        headers = {"X-Vault-Request": "true"}
        if token:
            headers["X-Vault-Token"] = token
        if namespace is not None:
            headers["X-Vault-Namespace"] = namespace
        return self._client.request(method, f"{self.url}/v1/{path}", json=json, headers=headers)

    def read(self, path: str, *, token: str | None = None) -> dict[str, Any]:
        """Return the body of a GET, or raise `ServerError` with Vault's own words."""
        return _body(self.api("GET", path, token=token))

    def write(self, path: str, **data: object) -> dict[str, Any]:
        """Return the body of a POST as root (`{}` for 204), or raise `ServerError`."""
        return _body(self.api("POST", path, json=data))

    def enable_auth(self, kind: str, *, mount: str | None = None) -> str:
        """Mount an auth method, unless it is mounted already, and return where it is."""
        return self._enable("sys/auth", kind, mount or kind, {})

    def enable_engine(
        self, kind: str, *, mount: str | None = None, options: Mapping[str, str] | None = None
    ) -> str:
        """Mount a secrets engine, unless it is mounted already, and return where it is."""
        return self._enable("sys/mounts", kind, mount or kind, dict(options or {}))

    def _enable(self, table: str, kind: str, mount: str, options: dict[str, str]) -> str:
        mounted = self.read(table)["data"].get(f"{mount}/")
        if mounted is None:
            self.write(f"{table}/{mount}", type=kind, options=options)
        elif mounted["type"] != kind:
            raise ServerError(f"{mount}/ is taken by the type {mounted['type']}")
        return mount

    def policy(self, name: str, rules: str) -> str:
        """Write a policy and return its name."""
        self.write(f"sys/policies/acl/{name}", policy=rules)
        return name

    def token(self, *policies: str, **options: object) -> str:
        """Mint a token with these policies; `options` are those of `auth/token/create`."""
        body = self.write("auth/token/create", policies=list(policies), **options)
        token: str = body["auth"]["client_token"]
        return token

    def client_certificate(self, name: str) -> ClientCertificate:
        """Issue a client certificate for the host `name` from the CA that this server trusts."""
        if self._ca is None or self._folder is None:
            raise ServerError("client certificates need a running VaultServer(tls=True)")
        stem = self._folder / f"client-{secrets.token_hex(4)}"
        return _write_certificate(self._ca.issue_cert(name, common_name=name), stem)

    def stop(self) -> None:
        """End the server and remove its folder; twice is harmless."""
        super().stop()
        self._client.close()

    def kill(self) -> None:
        """End the server as a power cut would: at once, with everything that it held."""
        self._end(signal.SIGKILL)


def _body(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        request = answer.request
        raise ServerError(f"{request.method} {request.url}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else {}


def _write_certificate(issued: trustme.LeafCert, stem: Path) -> ClientCertificate:
    pair = ClientCertificate(stem.with_suffix(".pem"), stem.with_suffix(".key"))
    pair.cert_file.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    pair.key_file.touch(mode=0o600)
    pair.key_file.write_bytes(issued.private_key_pem.bytes())
    return pair
