"""HTTP servers on loopback for tests: threads, keep-alive, no delays, no output."""

import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Generic, TypeVar, cast

App = TypeVar("App")

LOOPBACK: Final = "127.0.0.1"
_POLL_SECONDS: Final = 0.02


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, handler: type[BaseHTTPRequestHandler], app: object, tick: Callable[[], None]
    ) -> None:
        super().__init__((LOOPBACK, 0), handler)
        self.app = app
        self._tick = tick
        self.open_sockets: set[socket.socket] = set()

    def service_actions(self) -> None:
        """Called by `serve_forever` again and again."""
        self._tick()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        self.open_sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401
        # NOTE: no `shutdown` before the close, which would turn an injected reset into an end.
        self.open_sockets.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say nothing of clients that hang up, as tests make them do; show our own failures."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Loopback:
    """A server on a free port whose handlers find `app` as their `app`.

    `tick` is called some fifty times a second while it runs.
    """

    def __init__(
        self,
        handler: type[BaseHTTPRequestHandler],
        app: object,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._server = _Server(handler, app, tick)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self._server.open_sockets):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its client was quicker


class Handler(BaseHTTPRequestHandler, Generic[App]):
    """Answers in JSON, keeps connections open, logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet an answer: headers and body leave together

    @property
    def app(self) -> App:
        """What this server is the face of."""
        return cast("App", cast("_Server", self.server).app)

    def reply(
        self, status: int, body: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """One whole answer; `None` has no body, bytes go out as they are."""
        content = _encode(body)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if content:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing: a server of tests has no terminal of its own."""


def _encode(body: object) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode() + b"\n"
