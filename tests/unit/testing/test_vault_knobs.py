"""What the development server has beyond Vault: faults, clock, log, flavours."""

import threading
import time

import httpx
import pytest

from ci_secrets.testing.vault import DevVault
from ci_secrets.testing.vault.admin import SetupError
from tests import patience

SELF = "auth/token/lookup-self"


def get(vault: DevVault, path: str = SELF, timeout: float = patience.SECONDS) -> httpx.Response:
    """One call as root."""
    headers = {"X-Vault-Token": vault.root_token}
    return httpx.get(f"{vault.url}/v1/{path}", headers=headers, timeout=timeout)


class TestFaults:
    """Failures on demand."""

    def test_a_status_comes_as_often_as_asked(self, ci_secrets_vault: DevVault) -> None:
        """Nothing is done meanwhile; then the server behaves again."""
        fault = ci_secrets_vault.inject("GET", "auth/*", times=2, status=429, retry_after=7)
        answers = [get(ci_secrets_vault) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [429, 429, 200]
        assert answers[0].headers["Retry-After"] == "7"
        assert answers[0].json() == {"errors": ["injected"]}
        assert fault.hits == 2

    def test_only_fitting_calls_are_met(self, ci_secrets_vault: DevVault) -> None:
        """Method and path must both fit."""
        ci_secrets_vault.inject("POST", "auth/*", status=500)
        ci_secrets_vault.inject("GET", "secret/*", status=500)
        assert get(ci_secrets_vault).status_code == 200
        assert get(ci_secrets_vault, "secret/data/a").status_code == 500

    def test_a_body_and_headers_can_be_anything(self, ci_secrets_vault: DevVault) -> None:
        """An empty 503 and a redirect, for instance."""
        ci_secrets_vault.inject(status=503, body="")
        empty = get(ci_secrets_vault)
        assert (empty.status_code, empty.content) == (503, b"")
        elsewhere = {"Location": "http://127.0.0.1:1/"}
        ci_secrets_vault.inject(status=307, headers=elsewhere)
        assert get(ci_secrets_vault).headers["Location"] == elsewhere["Location"]

    def test_for_ever_lasts_until_cleared(self, ci_secrets_vault: DevVault) -> None:
        """`times=None` has no end of its own."""
        ci_secrets_vault.inject(times=None, status=500)
        assert {get(ci_secrets_vault).status_code for _ in range(5)} == {500}
        ci_secrets_vault.faults.clear()
        assert get(ci_secrets_vault).status_code == 200

    def test_a_reset_does_nothing(self, ci_secrets_vault: DevVault) -> None:
        """The connection breaks, and the call was not made."""
        ci_secrets_vault.inject("POST", "secret/*", reset=True)
        headers = {"X-Vault-Token": ci_secrets_vault.root_token}
        url = f"{ci_secrets_vault.url}/v1/secret/data/a"
        with pytest.raises(httpx.NetworkError):
            httpx.post(url, json={"data": {"key": "value"}}, headers=headers)
        assert get(ci_secrets_vault, "secret/data/a").status_code == 404

    def test_a_dropped_reply_does_what_was_asked(self, ci_secrets_vault: DevVault) -> None:
        """The connection breaks, but the call was made."""
        ci_secrets_vault.inject("POST", "secret/*", drop_reply=True)
        headers = {"X-Vault-Token": ci_secrets_vault.root_token}
        url = f"{ci_secrets_vault.url}/v1/secret/data/a"
        with pytest.raises(httpx.NetworkError):
            httpx.post(url, json={"data": {"key": "value"}}, headers=headers)
        assert get(ci_secrets_vault, "secret/data/a").status_code == 200
        assert ci_secrets_vault.requests[0] == ("POST", "secret/data/a", 0)

    def test_a_stall_outlasts_an_impatient_client(self, ci_secrets_vault: DevVault) -> None:
        """No answer comes in time, and leaving the server does not wait for the stall."""
        ci_secrets_vault.inject(stall=60)
        with pytest.raises(httpx.ReadTimeout):
            get(ci_secrets_vault, timeout=0.2)

    def test_a_drip_arrives_whole(self, ci_secrets_vault: DevVault) -> None:
        """Byte by byte, and complete at last."""
        ci_secrets_vault.inject(drip=0.0001)
        assert get(ci_secrets_vault).json()["data"]["policies"] == ["root"]


class TestClock:
    """Time without waiting."""

    def test_tokens_end_when_it_is_moved(self, ci_secrets_vault: DevVault) -> None:
        """A token of an hour is gone after an hour, and not before."""
        _, body = ci_secrets_vault.root("POST", "auth/token/create", {"ttl": "1h"})
        token = {"token": body["auth"]["client_token"]}
        ci_secrets_vault.advance(3590)
        assert ci_secrets_vault.root("POST", "auth/token/lookup", token)[0] == 200
        ci_secrets_vault.advance(20)
        assert ci_secrets_vault.root("POST", "auth/token/lookup", token)[0] == 403

    def test_nothing_ends_when_the_machines_own_clock_is_set(
        self, ci_secrets_vault: DevVault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A day ahead or back, a token lives as long."""
        _, body = ci_secrets_vault.root("POST", "auth/token/create", {"ttl": "1h"})
        token = {"token": body["auth"]["client_token"]}
        wall = time.time
        for step in (-86400, 86400):
            monkeypatch.setattr(time, "time", lambda step=step: wall() + step)
            assert ci_secrets_vault.root("POST", "auth/token/lookup", token)[0] == 200

    def test_users_have_ended_when_it_returns(self, ci_secrets_vault: DevVault) -> None:
        """`advance` waits for revocations, slow ones too."""
        ended: list[str] = []

        def revoke(username: str) -> None:
            time.sleep(0.1)
            ended.append(username)

        path = ci_secrets_vault.dynamic("app", ttl="10m", revoke=revoke)
        _, body = ci_secrets_vault.root("GET", path)
        ci_secrets_vault.advance(601)
        assert ended == [body["data"]["username"]]

    def test_what_is_over_ends_unasked(self, ci_secrets_vault: DevVault) -> None:
        """A user whose time is over ends though nobody calls the server."""
        ended = threading.Event()
        path = ci_secrets_vault.dynamic("app", ttl="1s", revoke=lambda _username: ended.set())
        ci_secrets_vault.root("GET", path)
        assert ended.wait(patience.SECONDS)

    def test_an_identity_expires(self, ci_secrets_vault: DevVault) -> None:
        """A JWT that was good a while ago is refused by the moved clock."""
        from ci_secrets.testing.issuer import LIFETIME_SECONDS, Issuer

        with Issuer() as issuer:
            ci_secrets_vault.trust(issuer, mount="other")
            ci_secrets_vault.jwt_role("deploy", mount="other")
            login = {"role": "deploy", "jwt": issuer.mint(ci_secrets_vault.url, sub="job")}
            assert ci_secrets_vault.root("POST", "auth/other/login", login)[0] == 200
            ci_secrets_vault.advance(2 * LIFETIME_SECONDS)
            assert ci_secrets_vault.root("POST", "auth/other/login", login)[0] == 400


class TestDynamic:
    """Database users made of Python."""

    def test_hooks_see_each_user(self, ci_secrets_vault: DevVault) -> None:
        """`create` gets name and password, `revoke` the name."""
        seen: list[object] = []
        path = ci_secrets_vault.dynamic(
            "app", create=lambda name, password: seen.append((name, password)), revoke=seen.append
        )
        _, body = ci_secrets_vault.root("GET", path)
        name, password = body["data"]["username"], body["data"]["password"]
        assert ci_secrets_vault.can_login(name, password)
        assert not ci_secrets_vault.can_login(name, "wrong")
        lease = {"lease_id": body["lease_id"]}
        assert ci_secrets_vault.root("PUT", "sys/leases/revoke", lease)[0] == 204
        assert not ci_secrets_vault.can_login(name, password)
        assert seen == [(name, password), name]

    def test_a_token_that_ends_meanwhile(self, ci_secrets_vault: DevVault) -> None:
        """A user that is being made while its token is revoked ends, too."""
        vault = ci_secrets_vault
        token = vault.root("POST", "auth/token/create", {})[1]["auth"]["client_token"]
        revoked = threading.Event()

        def create(_name: str, _password: str) -> None:
            assert vault.root("POST", "auth/token/revoke", {"token": token})[0] == 204

        path = vault.dynamic("app", create=create, revoke=lambda _: revoked.set())
        headers = {"X-Vault-Token": token}
        httpx.get(f"{vault.url}/v1/{path}", headers=headers, timeout=patience.SECONDS)
        assert revoked.wait(patience.SECONDS)


class TestConnections:
    """HTTP as benchmarks want it."""

    def test_one_connection_carries_many_calls(self, ci_secrets_vault: DevVault) -> None:
        """Connections are kept open, after errors and answers without a body too."""
        opened: list[object] = []
        with httpx.Client() as client:
            for _ in range(3):
                for method, path in (("GET", "sys/health"), ("GET", "nowhere"), ("PUT", SELF)):
                    url = f"{ci_secrets_vault.url}/v1/{path}"
                    with client.stream(method, url) as answer:
                        answer.read()
                        opened.append(answer.extensions["network_stream"].get_extra_info("socket"))
        assert len({id(socket) for socket in opened}) == 1

    def test_calls_run_side_by_side(self, ci_secrets_vault: DevVault) -> None:
        """A call that waits holds no other up."""
        waiting, go_on = threading.Event(), threading.Event()

        def create(_name: str, _password: str) -> None:
            waiting.set()
            assert go_on.wait(patience.SECONDS)

        path = ci_secrets_vault.dynamic("app", create=create)
        statuses: list[int] = []
        slow = threading.Thread(
            target=lambda: statuses.append(get(ci_secrets_vault, path).status_code)
        )
        slow.start()
        assert waiting.wait(patience.SECONDS)
        assert get(ci_secrets_vault).status_code == 200
        go_on.set()
        slow.join()
        assert statuses == [200]

    def test_a_delay_holds_answers_back(self) -> None:
        """`delay_seconds` is longer than an impatient client waits."""
        with DevVault(delay_seconds=30) as vault, pytest.raises(httpx.ReadTimeout):
            get(vault, timeout=0.2)

    def test_nonsense_is_a_400(self, ci_secrets_vault: DevVault) -> None:
        """Bodies that are no JSON object are refused, not crashed on."""
        url = f"{ci_secrets_vault.url}/v1/sys/wrapping/lookup"
        for body in (b"{", b"[1]", b"\xff"):
            assert httpx.post(url, content=body).status_code == 400


class TestFlavours:
    """HashiCorp Vault and OpenBao."""

    def test_openbao_does_not_say_invalid_token(self) -> None:
        """A dead token is only `permission denied`, and health has no `enterprise`."""
        with DevVault(flavour="openbao") as bao:
            headers = {"X-Vault-Token": "s.wrong"}
            answer = httpx.get(f"{bao.url}/v1/{SELF}", headers=headers)
            assert answer.status_code == 403
            assert "permission denied" in answer.text
            assert "invalid token" not in answer.text
            assert "enterprise" not in httpx.get(f"{bao.url}/v1/sys/health").json()


def test_the_log_knows_calls_but_no_bodies(ci_secrets_vault: DevVault) -> None:
    """Method, path and status of what came by HTTP; set-up in process is not there."""
    get(ci_secrets_vault)
    get(ci_secrets_vault, "secret/data/a?version=2")
    assert ci_secrets_vault.requests == [("GET", SELF, 200), ("GET", "secret/data/a", 404)]


def test_refused_set_up_is_said(ci_secrets_vault: DevVault) -> None:
    """`configure` raises with the server's words."""
    with pytest.raises(SetupError, match="plugin not found in the catalog: nonsense"):
        ci_secrets_vault.configure("sys/mounts/x", type="nonsense")
