"""PostgreSQL with a fresh cluster, and the Vault engine that makes users in it."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.real.servers import process
from tests.real.servers.process import LOOPBACK, Process, Server, ServerError, run_as
from tests.real.servers.vault import VaultServer

LOGIN_ROLE = (
    "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';"
)
"""A creation statement for `database_engine`: a user who can log in and nothing more."""


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


class PostgresServer(Server):
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
        self.port = process.free_port()
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": folder,
            # Nothing here outlives a test: do not wait for the disk.
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            # In the cluster's folder: after a kill nothing is left in /dev/shm.
            "dynamic_shared_memory_type": "mmap",
        }
        argv: list[str | Path] = [self._bin / "postgres", "-D", folder / "data"]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        self._process = Process(argv, folder=folder, env=env, account=account)
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
            **run_as(account),
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
        # The last one: dropped between the password and the session.
        refusals = ("password authentication failed", "is not permitted to log in", "not exist")
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
