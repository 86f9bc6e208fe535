"""The real servers tests talk to: Vault, PostgreSQL, and a stub of Kubernetes' TokenReview.

Each is a context manager on a free loopback port with folders and passwords of its own, and ends
only processes that it started. `tests/real/install` (`make real`) fetches what they run.
"""

import contextlib
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx
import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric import ec

LOOPBACK = "127.0.0.1"
LOGIN_ROLE = (
    "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';"
)
"""A creation statement for `database_engine`: a user who can log in and nothing more."""

_Review = Callable[[str, list[str]], dict[str, Any]]
_TOOLS = Path(__file__).parent / "tools"
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_REQUEST_SECONDS = 30.0
_TRIES = 3
# Read once: a test that moves HOME or XDG_CACHE_HOME still finds the parts.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
# Ends the server's whole group when our end of the pipe closes, however we came to die.
# A parent-death signal would not do: it follows the thread that forked, and misses plugins.
_GUARD = 'read -r _; kill -s KILL -- "-$1" 2>/dev/null'


def real_dir() -> Path:
    """Return the cache folder into which `tests/real/install` puts what it builds."""
    return _CACHE / "ci-secrets" / "real"


def find_vault() -> Path | None:
    """Return the Vault binary that this checkout pins, or `None` if it is not built yet."""
    # The same key as in `install`.
    pinned = b"".join((_TOOLS / name).read_bytes() for name in ("go.mod", "go.sum", "build-flags"))
    vault = real_dir() / f"vault-{hashlib.sha256(pinned).hexdigest()[:12]}" / "vault"
    return vault if vault.is_file() else None


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's `initdb`, `postgres` and `psql`, or `None`."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")]
    folders.sort(key=lambda folder: float(folder.parent.name), reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).parent)
    for folder in folders:
        if all((folder / name).is_file() for name in ("initdb", "postgres", "psql")):
            return folder
    return None


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


class ServerError(RuntimeError):
    """A real server did not do what a test asked of it; the text holds its own words."""


class _Process:
    """One server with all its children, in a process group of its own."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        folder: Path,
        env: Mapping[str, str],
        account: pwd.struct_passwd | None = None,
    ) -> None:
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self._popen = subprocess.Popen(
                argv,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **_as(account),
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", str(self._popen.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exited(self) -> bool:
        """Say whether the server has ended, without reaping it: its id stays ours until `end`."""
        if self._popen.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait_ready(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()`, and stop waiting when the server ends or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            if self.exited() or time.monotonic() > deadline:
                log = self.log.read_text(errors="replace")[-2000:]
                self.end(signal.SIGKILL)
                raise ServerError(f"the server did not start; the end of its log:\n{log}")
            time.sleep(0.02)

    def end(self, first: signal.Signals) -> None:
        """End the server with `first`, then whatever is left of its group; twice is harmless."""
        if self._popen.returncode is not None:
            return
        os.kill(self.pid, first)
        deadline = time.monotonic() + _STOP_SECONDS
        while not self.exited() and time.monotonic() < deadline:
            time.sleep(0.01)
        # Nothing is reaped before this point, so the ids cannot have passed to a stranger.
        self._guard.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()


class _Server:
    """What the servers share: a folder and a process, both gone when the block ends."""

    def __init__(self) -> None:
        self._process: _Process | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        for tries_left in range(_TRIES, 0, -1):
            try:
                self._start()
                break
            except BaseException as error:
                self._discard()
                # Between our choice of a port and its use somebody else may have taken it.
                taken = "address already in use" in str(error).lower()
                if not taken or tries_left == 1:
                    self.stop()
                    raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process, which also leads its process group."""
        return self._process.pid if self._process is not None else None

    def _start(self) -> None:
        raise NotImplementedError

    def _end(self, first: signal.Signals) -> None:
        if self._process is not None:
            self._process.end(first)

    def _new_folder(self) -> Path:
        # Not pytest's tmp_path: PostgreSQL's account cannot enter it, and a socket's path is short.
        self._folder = Path(tempfile.mkdtemp(prefix="ci-secrets-real-", dir="/tmp"))
        return self._folder

    def stop(self) -> None:
        """End the server and remove its folder; twice is harmless."""
        self._end(signal.SIGTERM)
        self._discard()

    def _discard(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments with which `subprocess` runs something as `account`."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate signed by the CA of a `VaultServer`, with its key, as files."""

    cert_file: Path
    key_file: Path


class VaultServer(_Server):
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
        self._client = httpx.Client(verify=trust, trust_env=False, timeout=_REQUEST_SECONDS)

    def _start(self) -> None:
        vault = find_vault()
        if vault is None:
            raise ServerError("Vault is not built; run: make real")
        folder = self._new_folder()
        address = f"{LOOPBACK}:{free_port()}"
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
        self._process = _Process(argv, folder=folder, env=env)
        self._process.wait_ready(self._is_ready)

    def _tls_config(self, ca: trustme.CA, folder: Path) -> Path:
        """Write the configuration of a second, https listener; the plain one stays unused."""
        self.ca_file = folder / "ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        server = _write_certificate(ca.issue_cert(LOOPBACK, "localhost"), folder / "server")
        address = f"{LOOPBACK}:{free_port()}"
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


class PostgresServer(_Server):
    """A PostgreSQL with a fresh cluster, reached by password over loopback or its socket."""

    def __init__(self) -> None:
        super().__init__()
        self.host = LOOPBACK
        self.port = 0
        self.superuser = "postgres"
        self.password = secrets.token_hex(16)
        self.socket_dir = Path()
        self._bin = Path()

    def _start(self) -> None:
        found = find_postgres()
        if found is None:
            raise ServerError("PostgreSQL is not installed; run: make real")
        self._bin = found
        folder = self.socket_dir = self._new_folder()
        password_file = folder / "password"
        password_file.write_text(self.password)
        account = _unprivileged()
        if account is not None:
            for path in (folder, password_file):
                os.chown(path, account.pw_uid, account.pw_gid)
        env = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        self._initdb(folder, password_file, env, account)
        self.port = free_port()
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": folder,
            # Nothing here outlives a test: do not wait for the disk.
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        argv: list[str | Path] = [self._bin / "postgres", "-D", folder / "data"]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        self._process = _Process(argv, folder=folder, env=env, account=account)
        self._process.wait_ready(lambda: self._psql("SELECT 1").returncode == 0)

    def _initdb(
        self,
        folder: Path,
        password_file: Path,
        env: Mapping[str, str],
        account: pwd.struct_passwd | None,
    ) -> None:
        done = subprocess.run(
            [
                self._bin / "initdb",
                f"--pgdata={folder / 'data'}",
                f"--username={self.superuser}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **_as(account),
        )
        password_file.unlink()
        if done.returncode != 0:
            raise ServerError(f"initdb failed:\n{done.stderr[-2000:]}")

    def _psql(
        self, statement: str, user: str | None = None, password: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            env={
                "PATH": "/usr/bin:/bin",
                "LC_ALL": "C",
                "PGHOST": self.host,
                "PGPORT": str(self.port),
                "PGDATABASE": "postgres",
                "PGUSER": self.superuser if user is None else user,
                "PGPASSWORD": self.password if password is None else password,
                "PGPASSFILE": "/dev/null",
                "PGCONNECT_TIMEOUT": "10",
            },
            input=statement,
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, statement: str) -> str:
        """Run statements as the superuser and return their rows, fields divided by `|`."""
        done = self._psql(statement)
        if done.returncode != 0:
            raise ServerError(done.stderr.strip())
        return done.stdout.strip()

    def can_login(self, user: str, password: str) -> bool:
        """Say whether this user is let in; a server that does not answer is an error, not a no."""
        done = self._psql("SELECT 1", user, password)
        if done.returncode == 0:
            return True
        refusals = ("password authentication failed", "is not permitted to log in")
        if any(refusal in done.stderr for refusal in refusals):
            return False
        raise ServerError(done.stderr.strip())

    def stop(self) -> None:
        """End the server and remove its cluster; twice is harmless."""
        # SIGINT is PostgreSQL's fast shutdown: open sessions are cut, not waited for.
        self._end(signal.SIGINT)
        super().stop()


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom PostgreSQL must run as, for it refuses root; `None` means as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


class TokenReviewStub:
    """A Kubernetes API that knows one call, TokenReview, and the tokens that it minted itself."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._known: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(_ReviewHandler, self._review))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def token(
        self,
        account: str = "deployer",
        *,
        namespace: str = "ci",
        audience: str = "https://kubernetes.default.svc",
        lifetime_seconds: int = 600,
    ) -> str:
        """Mint a projected service account token that the stub will vouch for."""
        now = int(time.time())
        claims = {
            "iss": "https://kubernetes.default.svc",
            "sub": f"system:serviceaccount:{namespace}:{account}",
            "aud": [audience],
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
            "jti": secrets.token_hex(8),
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": {"name": account, "uid": f"uid-{namespace}-{account}"},
            },
        }
        token = jwt.encode(claims, self._key, algorithm="ES256")
        self._known[token] = claims
        return token

    def forget(self, token: str) -> None:
        """Vouch for this token no longer, as after its service account was deleted."""
        self._known.pop(token, None)

    def _review(self, token: str, audiences: list[str]) -> dict[str, Any]:
        claims = self._known.get(token)
        if claims is None or claims["exp"] < time.time():
            return {"authenticated": False}
        wanted = audiences or claims["aud"]
        granted = [audience for audience in wanted if audience in claims["aud"]]
        uid = claims["kubernetes.io"]["serviceaccount"]["uid"]
        user = {"username": claims["sub"], "uid": uid}
        return {"authenticated": bool(granted), "user": user, "audiences": granted}


class _ReviewHandler(BaseHTTPRequestHandler):
    """Answers TokenReview with what `review` says of a token and the audiences asked for."""

    def __init__(self, review: _Review, *args: Any) -> None:
        self._review = review
        super().__init__(*args)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if self.path != "/apis/authentication.k8s.io/v1/tokenreviews":
            self.send_error(404)
            return
        spec = body["spec"]
        body["status"] = self._review(spec["token"], spec.get("audiences") or [])
        answer = json.dumps(body).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is not the place."""


def kubernetes_auth(
    vault: VaultServer,
    stub: TokenReviewStub,
    *,
    role: str,
    policies: Sequence[str] = (),
    accounts: Sequence[str] = ("*",),
    namespaces: Sequence[str] = ("*",),
    mount: str = "kubernetes",
) -> str:
    """Mount Kubernetes auth with one role, its tokens reviewed by the stub; return the mount."""
    vault.enable_auth("kubernetes", mount=mount)
    vault.write(f"auth/{mount}/config", kubernetes_host=stub.url, disable_local_ca_jwt=True)
    vault.write(
        f"auth/{mount}/role/{role}",
        bound_service_account_names=list(accounts),
        bound_service_account_namespaces=list(namespaces),
        token_policies=list(policies),
    )
    return mount


def database_engine(
    vault: VaultServer,
    postgres: PostgresServer,
    *,
    role: str,
    creation: str,
    revocation: str | None = None,
    default_ttl: str = "1h",
    max_ttl: str = "24h",
    mount: str = "database",
) -> str:
    """Let Vault make PostgreSQL users with `creation`; return the path to read one from."""
    vault.enable_engine("database", mount=mount)
    address = f"{postgres.host}:{postgres.port}"
    vault.write(
        f"{mount}/config/postgres",
        plugin_name="postgresql-database-plugin",
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{address}/postgres",
        username=postgres.superuser,
        password=postgres.password,
        allowed_roles=["*"],
    )
    vault.write(
        f"{mount}/roles/{role}",
        db_name="postgres",
        creation_statements=[creation],
        revocation_statements=[revocation] if revocation else [],
        default_ttl=default_ttl,
        max_ttl=max_ttl,
    )
    return f"{mount}/creds/{role}"
