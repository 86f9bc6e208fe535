"""HTTP for the development server: from a socket to a `Request`, and back, with its faults."""

import json
import socket
import struct
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ci_secrets.testing.loopback import Handler
from ci_secrets.testing.vault.faults import Fault
from ci_secrets.testing.vault.wire import Json, Operation, Refusal, Request, seconds

if TYPE_CHECKING:
    from ci_secrets.testing.vault.server import DevVault  # noqa: F401  # the name of a type

OPERATIONS: Final[dict[str, Operation]] = {
    "GET": "read",
    "LIST": "list",
    "POST": "write",
    "PUT": "write",
    "DELETE": "delete",
}
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST instead of FIN."""


class VaultHandler(Handler["DevVault"]):
    """Every method goes the same way."""

    def _any(self) -> None:
        app = self.app
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix("/v1/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = app.faults.take(self.command, path)
        app.pause(app.delay_seconds + (fault.stall_seconds if fault else 0))
        if fault is not None and fault.reset:
            app.note(self.command, path, 0)
            self._break()
        elif fault is not None and fault.status is not None:
            app.note(self.command, path, fault.status)
            self.reply(fault.status, fault.body.encode(), fault.headers)
        else:
            status, answer = self._answer(path, dict(parse_qsl(url.query)), body)
            dropped = fault is not None and fault.drop_reply
            app.note(self.command, path, 0 if dropped else status)
            if dropped:
                self._break()
            else:
                self._send(status, answer, fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_LIST = _any  # noqa: N815  # http.server's names

    def _answer(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, Json | None]:
        try:
            return self.app.core.answer(self._request(path, query, body))
        except Refusal as refusal:
            return refusal.status, {"errors": list(refusal.errors)}

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

    def _send(self, status: int, answer: Json | None, fault: Fault | None) -> None:
        if fault is None or not fault.drip_seconds:
            self.reply(status, answer)
            return
        content = json.dumps(answer or {}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for at in range(len(content)):
            self.wfile.flush()
            self.app.pause(fault.drip_seconds)
            self.wfile.write(content[at : at + 1])

    def _break(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()
        self.close_connection = True


def parse_body(body: bytes) -> Json:
    """The JSON object of a body; empty for none. Raises a 400."""
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        raise Refusal(400, "error parsing JSON") from None
    if parsed is not None and not isinstance(parsed, dict):
        raise Refusal(400, "error parsing JSON")
    return parsed or {}
