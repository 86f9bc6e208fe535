"""GitLab's copy of the running job's log, through its API."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ci_secrets.errors import CiSecretsError, RefusedError, UnreachableError
from ci_secrets.platforms import gitlab_log
from ci_secrets.platforms.gitlab import GitLab

TOKEN = "made-up-project-token"
Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def gitlab_server(answer: Callable[[BaseHTTPRequestHandler], Answer]) -> Iterator[str]:
    """A GitLab on loopback that answers every GET by `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass  # the visitor has had enough

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def job(server: str, **more: str) -> GitLab:
    """A job of that GitLab which may read its own log."""
    environment = {"CI_SERVER_URL": server, "CI_PROJECT_ID": "7", "CI_JOB_ID": "1001"}
    return GitLab(environment | {"CI_SECRETS_GITLAB_TOKEN": TOKEN} | more)


def test_the_log_is_read_as_a_bearer_and_its_gaps_are_told() -> None:
    """It is masked, and the last lines may still be on their way."""
    seen = []

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        seen.append((request.path, request.headers["Authorization"]))
        assert "PRIVATE-TOKEN" not in request.headers
        return 200, {}, b"line 1\nline \xff\n"

    with gitlab_server(answer) as server:
        log = job(server).own_log()
    assert log is not None
    assert log.log == b"line 1\nline \xff\n"
    assert log.states == ("masked-view", "tail-missing")
    assert seen == [("/api/v4/projects/7/jobs/1001/trace", f"Bearer {TOKEN}")]


def test_without_a_token_there_is_nothing_to_read() -> None:
    """CI_JOB_TOKEN may not."""
    assert job("https://gitlab.example", CI_SECRETS_GITLAB_TOKEN="").own_log() is None


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_without_rights_is_explained(status: int) -> None:
    """Without the body of the answer."""
    with (
        gitlab_server(lambda _: (status, {}, b'{"message": "made-up-body"}')) as server,
        pytest.raises(RefusedError, match=str(status)) as caught,
    ):
        job(server).own_log()
    assert "read_api" in caught.value.fix
    assert "made-up-body" not in texts(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_gitlab_is_not_waited_for(status: int) -> None:
    """It may say how long, and we would rather go without the log."""
    away = {"Retry-After": "3600"}
    with (
        gitlab_server(lambda _: (status, away, b'{"message": "made-up-body"}')) as server,
        pytest.raises(UnreachableError, match=str(status)) as caught,
    ):
        job(server).own_log()
    assert "made-up-body" not in texts(caught.value)


def test_a_redirect_to_another_host_does_not_get_the_token() -> None:
    """A finished log may lie in an object store; running ones do not."""
    elsewhere = []

    def note(request: BaseHTTPRequestHandler) -> Answer:
        elsewhere.append(dict(request.headers))
        return 200, {}, b"log"

    with gitlab_server(note) as other:
        target = other.replace("127.0.0.1", "localhost")
        with gitlab_server(lambda _: (302, {"Location": f"{target}/log"}, b"")) as server:
            assert job(server).own_log() is not None
    assert [TOKEN in str(headers) for headers in elsewhere] == [False]


def test_a_gitlab_that_is_not_there_is_unreachable() -> None:
    """Without the address of the request."""
    with gitlab_server(lambda _: (200, {}, b"")) as server:
        gone = server
    with pytest.raises(UnreachableError, match="did not answer") as caught:
        job(gone).own_log()
    assert "trace" not in texts(caught.value)


def test_a_log_is_read_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is said to be missing anyhow."""
    monkeypatch.setattr(gitlab_log, "MAX_LOG_BYTES", 100_000)
    with gitlab_server(lambda _: (200, {}, b"x" * 1_000_000)) as server:
        log = job(server).own_log()
    assert log is not None
    assert 100_000 < len(log.log) < 400_000


@pytest.mark.parametrize("server", ["http://gitlab.example", "", "gitlab.example"])
def test_the_token_goes_nowhere_in_clear(server: str) -> None:
    """Nothing is sent."""
    with pytest.raises(RefusedError, match="not https"):
        job(server).own_log()


@pytest.mark.parametrize("token", ["made up", "a\nb", "ä", "\udcff"])
def test_a_damaged_token_is_not_sent(token: str) -> None:
    """The library would put it in its error."""
    with pytest.raises(RefusedError, match="not an access token") as caught:
        job("https://gitlab.example", CI_SECRETS_GITLAB_TOKEN=token).own_log()
    assert token not in texts(caught.value)


def test_the_logs_token_is_a_needle_and_kept_from_cmd() -> None:
    """It reads all logs of the project."""
    gitlab = job("https://gitlab.example")
    assert gitlab.own_credentials()["$CI_SECRETS_GITLAB_TOKEN"].text() == TOKEN
    assert "CI_SECRETS_GITLAB_TOKEN" in gitlab.identity_variables()


def texts(error: CiSecretsError) -> str:
    """All that people are shown."""
    return f"{error.what}\n{error.cause}\n{error.fix}"
