"""HTTP for the development server: from a socket to a `Request`, and back."""

import json
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ci_secrets.testing.loopback import Handler
from ci_secrets.testing.vault.wire import Json, Operation, Refusal, Request, seconds

OPERATIONS: Final[dict[str, Operation]] = {
    "GET": "read",
    "LIST": "list",
    "POST": "write",
    "PUT": "write",
    "DELETE": "delete",
}


class VaultHandler(Handler["DevVault"]):
    """Every method goes the same way."""

    def _any(self) -> None:
        app = self.app
        if app.delay_seconds:
            time.sleep(app.delay_seconds)
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix("/v1/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            request = self._request(path, dict(parse_qsl(url.query)), body)
            status, answer = app.core.answer(request)
        except Refusal as refusal:
            status, answer = refusal.status, {"errors": list(refusal.errors)}
        app.note(self.command, path, status)
        self.reply(status, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_LIST = _any  # noqa: N815

    def _request(self, path: str, query: dict[str, str], body: bytes) -> Request:
        operation = OPERATIONS[self.command]
        if operation == "read" and query.get("list") == "true":
            operation = "list"
        if operation == "list" and not path.endswith("/"):
            path += "/"  # as Vault does, before it looks at policies
        token = self.headers.get("X-Vault-Token") or ""
        if not token:
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return Request(
            operation=operation,
            path=path,
            query=query,
            body=parse_body(body),
            token_id=token,
            wrap_ttl_seconds=seconds(self.headers.get("X-Vault-Wrap-TTL")),
            remote=str(self.client_address[0]),
        )


def parse_body(body: bytes) -> Json:
    """The JSON object of a body; empty for none. Raises a 400."""
    if not body:
        return {}
    try:
        parsed = json.loads(body)
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "error parsing JSON") from None
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "error parsing JSON")
    return parsed
