"""A stub of Kubernetes' TokenReview, and the Vault auth method that asks it."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.real.servers.process import LOOPBACK
from tests.real.servers.vault import VaultServer

_Review = Callable[[str, list[str]], dict[str, Any]]


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
