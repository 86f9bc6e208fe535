"""Bounded waits, bounded bodies, safe repeats, and errors that tell nothing of the request."""

import datetime as dt
import email.utils
import gzip
import random
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets import http
from ci_secrets.errors import ConfigError, UnreachableError
from ci_secrets.http import Http, Repeat
from tests import patience

URL = "https://user:hunter2@vault.example:8200/v1/secret?token=query-value"
HEADERS = {"X-Vault-Token": "header-value"}
BODY = b"body-value"


def get(url: str, ca_file: Path | None = None, headers: Mapping[str, str] = {}) -> http.Answer:
    """Ask once, with patience."""
    client = Http(timeout=patience.SECONDS, ca_file=ca_file)
    return client.send("GET", url, repeat=Repeat.NEVER, headers=headers)


Handler = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers from a list; what is an exception is raised. Remembers requests and pauses."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.http = Http(transport=httpx.MockTransport(self.answer), sleep=self.pauses.append)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def send(self, repeat: Repeat, **more: object) -> http.Answer:
        return self.http.send("POST", URL, repeat=repeat, headers=HEADERS, **more)  # type: ignore[arg-type]


def failing(
    status: int, body: bytes = BODY, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """An answer that is no success."""
    return httpx.Response(status, content=body, headers=headers)


@pytest.mark.parametrize("status", [412, 429, 500, 502, 503, 504])
def test_a_read_is_sent_again_after_what_may_pass(status: int) -> None:
    """Reading twice changes nothing."""
    server = Server(failing(status), httpx.Response(200))
    assert server.send(Repeat.READ).status == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 501])
def test_a_read_is_not_sent_again_after_an_answer(status: int) -> None:
    """These mean what they say, redirects too, which are never followed here."""
    server = Server(failing(status, headers={"location": "https://evil.example"}))
    assert server.send(Repeat.READ).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (failing(412), 2),
        (failing(429), 2),
        (failing(503, b""), 2),
        (failing(503), 1),
        (failing(500), 1),
        (failing(502), 1),
    ],
)
def test_a_mint_is_sent_again_only_where_nothing_was_minted(
    answer: httpx.Response, sent: int
) -> None:
    """A 5xx with a body may come from behind the store, after it has made a lease."""
    server = Server(answer, httpx.Response(200))
    server.send(Repeat.MINT)
    assert len(server.requests) == sent


@pytest.mark.parametrize(
    ("failure", "reads", "mints"),
    [
        (httpx.ConnectError("refused"), 2, 2),
        (httpx.ConnectTimeout("late"), 2, 2),
        (httpx.ReadTimeout("late"), 2, 1),
        (httpx.ReadError("reset"), 2, 1),
        (httpx.WriteError("reset"), 2, 1),
        (httpx.RemoteProtocolError("cut off"), 2, 1),
        (httpx.DecodingError("bad gzip"), 2, 1),
        (httpx.LocalProtocolError("Illegal header value b'header-value'"), 1, 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_lost_reply_is_sent_again_only_by_a_read(
    failure: Exception, reads: int, mints: int
) -> None:
    """A reply that is lost on its way may have minted a lease that nobody knows of."""
    for repeat, sent in [(Repeat.READ, reads), (Repeat.MINT, mints), (Repeat.NEVER, 1)]:
        server = Server(failure, httpx.Response(200))
        try:
            server.send(repeat)
        except UnreachableError:
            assert sent == 1
        assert len(server.requests) == sent


@pytest.mark.parametrize(
    ("first", "perhaps"),
    [
        (httpx.ReadError("reset"), True),
        (failing(502), True),
        (httpx.ConnectError("refused"), False),
        (failing(429), False),
        (failing(412), False),
    ],
    ids=["lost", "gateway", "refused", "busy", "lagging"],
)
def test_an_answer_tells_whether_an_earlier_try_may_have_acted(
    first: httpx.Response | Exception, perhaps: bool
) -> None:
    """What the last try meets may be what an earlier one did, whose answer was lost."""
    assert Server(first, failing(403)).send(Repeat.READ).perhaps_done is perhaps
    assert Server(failing(500), first, failing(403)).send(Repeat.READ).perhaps_done
    assert not Server(failing(403)).send(Repeat.READ).perhaps_done


def test_never_means_once() -> None:
    """Whatever the answer is."""
    server = Server(failing(503, b""))
    assert server.send(Repeat.NEVER).status == 503


def test_after_the_last_try_its_answer_is_returned() -> None:
    """Five tries, four pauses that grow and jitter."""
    server = Server(*[failing(503) for _ in range(5)])
    assert server.send(Repeat.READ).status == 503
    assert len(server.pauses) == 4
    assert all(0.05 <= pause <= 0.2 * 2**n for n, pause in enumerate(server.pauses))


def test_all_tries_together_end_in_time() -> None:
    """No pause is begun that would not leave time for another try."""
    server = Server(failing(503, headers={"retry-after": "20"}))
    assert server.send(Repeat.READ, until=time.monotonic() + 10).status == 503
    assert server.pauses == []


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("0", 0.0), ("7", 7.0), (" 7 ", 7.0), ("86400", 30.0), ("9" * 500, 30.0)],
)
def test_retry_after_in_seconds_is_honoured_up_to_a_bound(asked: str, pause: float) -> None:
    """A server cannot make a job wait for a day."""
    server = Server(failing(429, headers={"retry-after": asked}), httpx.Response(200))
    server.send(Repeat.READ)
    assert server.pauses == [pause]


def test_retry_after_as_a_date_is_honoured() -> None:
    """The other form of RFC 9110; a date that has passed means at once."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)
    server = Server(
        failing(503, headers={"retry-after": email.utils.format_datetime(soon, usegmt=True)}),
        failing(503, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        httpx.Response(200),
    )
    server.send(Repeat.READ)
    assert 15 < server.pauses[0] <= 20
    assert server.pauses[1] == 0


@given(st.text(max_size=40))
def test_no_retry_after_breaks_us(asked: str) -> None:
    """Nonsense is as good as none: `²` is a digit for Python, and a date may lie before time."""
    for value in (asked, "²", "Mon, 01 Jan 0001 00:00:00 +2359"):
        pause = http._pause(0, value)
        assert 0 <= pause <= http.MAX_RETRY_AFTER


def test_pauses_differ() -> None:
    """So that fifty jobs that failed together do not come back together."""
    random.seed(1)
    assert len({http._pause(3, None) for _ in range(20)}) == 20


def test_an_answer_has_a_largest_size() -> None:
    """An endless answer ends our patience, not our memory; it is not asked for again."""
    server = Server(httpx.Response(200, content=b"x" * 1001))
    with pytest.raises(UnreachableError, match="more than"):
        server.send(Repeat.READ, max_body=1000)
    assert len(server.requests) == 1


def test_a_packed_answer_is_measured_unpacked() -> None:
    """A small answer cannot become a large one."""
    bomb = gzip.compress(b"\0" * 1_000_000)
    server = Server(httpx.Response(200, content=bomb, headers={"content-encoding": "gzip"}))
    with pytest.raises(UnreachableError, match="more than"):
        server.send(Repeat.READ, max_body=100_000)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("https://vault.example/?token=query-value"),
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
        httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER]"),
        httpx.ConnectTimeout("header-value"),
        httpx.ReadTimeout("header-value"),
        httpx.PoolTimeout("header-value"),
        httpx.ProxyError("http://user:hunter2@proxy"),
        httpx.RemoteProtocolError("body-value"),
        httpx.LocalProtocolError("Illegal header value b'header-value'"),
        httpx.DecodingError("body-value"),
    ],
    ids=lambda failure: f"{type(failure).__name__}-{failure}"[:40],
)
def test_errors_name_the_host_and_nothing_of_the_request(failure: Exception) -> None:
    """No user, query, header or body: not in the three texts, and not in a traceback."""
    server = Server(failure)
    with pytest.raises(UnreachableError) as caught:
        server.send(Repeat.NEVER, json={"key": BODY.decode()})
    error = caught.value
    told = "".join([error.what, error.cause, error.fix, *traceback.format_exception(error)])
    assert "vault.example:8200" in error.what
    assert error.cause
    assert error.fix
    for secret in ("query-value", "header-value", "body-value"):
        assert secret not in told
    assert "hunter2" not in error.what + error.cause + error.fix


def test_the_answers_url_has_no_query() -> None:
    """What callers may print of an answer says nothing of its parameters."""
    assert "query-value" not in Server(httpx.Response(200)).send(Repeat.READ).url


@pytest.mark.parametrize("url", ["https://a.example/x?token=q", "https://u:p@a.example/"])
def test_a_host_is_shown_without_what_surrounds_it(url: str) -> None:
    """No user, no path, no query."""
    assert http.host_of(url) == "a.example"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("localhost", True),
     ("LOCALHOST", True), ("vault.localhost", True), ("10.0.0.1", False), ("::2", False),
     ("localhost.example", False), ("127.0.0.1.example", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_by_the_name(host: str, loopback: bool) -> None:
    """No name server is asked."""
    assert http.is_loopback(host) == loopback


def test_a_ca_file_that_cannot_be_loaded_is_a_wrong_setting(tmp_path: Path) -> None:
    """Not an unreachable server."""
    with pytest.raises(ConfigError, match="CA file"):
        Http(ca_file=tmp_path / "none.pem").send("GET", "https://a.example", repeat=Repeat.NEVER)


def test_the_ca_file_replaces_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who is in SSL_CERT_FILE is trusted without a CA file of the store, and not beside one."""
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(str(tmp_path / "ours.pem"))
    theirs.cert_pem.write_to_path(str(tmp_path / "theirs.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "theirs.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with _tls_server(theirs) as url:
        assert get(url).status == 200
    with _tls_server(theirs) as url, pytest.raises(UnreachableError) as caught:
        get(url, ca_file=tmp_path / "ours.pem")
    assert "not trusted" in caught.value.cause
    with _tls_server(ours) as url:
        http = Http(timeout=patience.SECONDS, ca_file=tmp_path / "ours.pem")
        assert http.send("GET", url, repeat=Repeat.NEVER).status == 200


@contextmanager
def _tls_server(authority: trustme.CA) -> Iterator[str]:
    """A server on loopback with a certificate of this authority, for one visitor."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def talk(visitor: socket.socket) -> None:
        with context.wrap_socket(visitor, server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with raw_server(talk, first=False) as url:
        yield url.replace("http:", "https:")


@contextmanager
def raw_server(
    talk: Callable[[socket.socket], None],
    heard: list[bytes] | None = None,
    *,
    first: bool = True,
) -> Iterator[str]:
    """A server on loopback that says what `talk` says to its one visitor, after it has `heard`.

    Unless the visitor speaks `first`, `talk` does all of it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            visitor, _ = listener.accept()
            with visitor:
                request = visitor.recv(65536) if first else b""
                if heard is not None:
                    heard.append(request)
                try:
                    talk(visitor)
                except OSError:
                    pass  # the visitor has gone, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def drip(start: bytes) -> Callable[[socket.socket], None]:
    """One byte now and then, always before a read would time out, and without an end."""

    def talk(visitor: socket.socket) -> None:
        visitor.sendall(start)
        for _ in range(100):
            visitor.sendall(b"a")
            time.sleep(0.02)

    return talk


def silence(visitor: socket.socket) -> None:
    """Say nothing until the visitor hangs up."""
    visitor.recv(1)


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
    ],
    ids=["body", "headers"],
)
def test_a_slow_drip_is_cut_off(start: bytes) -> None:
    """Each byte comes in time, but the whole does not: one try is bounded as a whole."""
    with raw_server(drip(start)) as url, pytest.raises(UnreachableError) as caught:
        Http(timeout=0.2).send("GET", url, repeat=Repeat.NEVER)
    assert caught.value.cause == "It took too long."


def test_a_stall_is_cut_off() -> None:
    """A server that accepts and says nothing."""
    with (
        raw_server(silence) as url,
        pytest.raises(UnreachableError) as caught,
    ):
        Http(timeout=0.2).send("GET", url, repeat=Repeat.NEVER)
    assert caught.value.cause == "It took too long."


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Give an environment without proxies, to be filled."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("variable", "url", "asked", "answer"),
    [
        ("HTTP_PROXY", "http://store.example/v1/x", b"GET http://store.example/v1/x ", 200),
        ("HTTPS_PROXY", "https://store.example:8200/v1/x", b"CONNECT store.example:8200 ", 403),
    ],
)
def test_a_proxy_is_asked(
    proxies: pytest.MonkeyPatch, variable: str, url: str, asked: bytes, answer: int
) -> None:
    """A runner behind a proxy needs nothing but the variable; of https it sees host and port."""
    heard: list[bytes] = []
    line = b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % answer
    with raw_server(lambda visitor: visitor.sendall(line), heard) as proxy:
        proxies.setenv(variable, proxy)
        if answer == 200:
            assert get(url).status == 200
        else:
            with pytest.raises(UnreachableError) as caught:
                get(url, headers=HEADERS)
            assert caught.value.cause == "The proxy refused."
    assert heard[0].startswith(asked)
    assert b"header-value" not in heard[0]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_loopback_is_asked_without_a_proxy(proxies: pytest.MonkeyPatch, variable: str) -> None:
    """Plain http is allowed there because it crosses no network."""
    line = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda visitor: visitor.sendall(line)) as url:
        proxies.setenv(variable, "http://127.0.0.1:1")
        assert get(url).status == 200


def test_no_proxy_is_obeyed(proxies: pytest.MonkeyPatch) -> None:
    """What NO_PROXY names is asked directly, though the proxy would refuse everything."""
    line = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda visitor: visitor.sendall(line)) as server:
        url = server.replace("127.0.0.1", "0.0.0.0")  # no loopback by its name
        proxies.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        with pytest.raises(UnreachableError):
            get(url)
        proxies.setenv("NO_PROXY", "0.0.0.0")
        assert get(url).status == 200


@pytest.mark.parametrize(
    "talk",
    [silence, drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")],
    ids=["stall", "drip"],
)
def test_a_slow_proxy_is_cut_off(
    proxies: pytest.MonkeyPatch, talk: Callable[[socket.socket], None]
) -> None:
    """One try is bounded as a whole, the way to the server included."""
    with raw_server(talk) as proxy:
        proxies.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(UnreachableError) as caught:
            Http(timeout=0.2).send("GET", "https://store.example", repeat=Repeat.NEVER)
    assert caught.value.cause == "It took too long."
