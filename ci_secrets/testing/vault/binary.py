"""A real `vault` or `bao` from PATH in its development mode: `ci-secrets demo --store vault`."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from typing import Self

from ci_secrets.errors import UnreachableError, UsageError
from ci_secrets.http import Http, Repeat
from ci_secrets.testing.vault.admin import Administered
from ci_secrets.testing.vault.wire import Json

_READY_SECONDS = 20.0


class VaultBinary(Administered):
    """A development server as a child process; it keeps everything in memory and ends with us."""

    def __init__(self) -> None:
        found = shutil.which("vault") or shutil.which("bao")
        if found is None:
            raise UsageError(
                "There is neither `vault` nor `bao` on PATH.",
                fix="Install one of them, or run the demo on embedded parts: ci-secrets demo",
            )
        self._command = found
        self._http = Http(timeout=30)
        self._root_token = f"root-{secrets.token_hex(16)}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{self._address}"

    def __enter__(self) -> Self:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.devnull}
        for name in ("VAULT", "BAO"):
            environment[f"{name}_DEV_ROOT_TOKEN_ID"] = self._root_token
            environment[f"{name}_DEV_LISTEN_ADDRESS"] = self._address
        self._process = subprocess.Popen(
            [self._command, "server", "-dev", "-dev-no-store-token"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait()
        except BaseException:  # a signal too
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def root(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """Call `/v1/<path>` as root: the status, and the body (empty where there is none)."""
        answer = self._http.send(
            method,
            f"{self.url}/v1/{path}",
            repeat=Repeat.NEVER,
            headers={"X-Vault-Token": self._root_token},
            json=body,
        )
        return answer.status, json.loads(answer.body or b"{}")

    def _wait(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise UsageError(f"{self._command} did not start in its development mode.")
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            return self.root("GET", "sys/health")[0] == 200
        except UnreachableError:
            return False

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
