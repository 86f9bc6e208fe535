"""What the development server reads: policies, durations, request bodies; by any text."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.testing.vault import DevVault
from ci_secrets.testing.vault.http import parse_body
from ci_secrets.testing.vault.policies import CAPABILITIES, parse
from ci_secrets.testing.vault.wire import Refusal, duration, seconds
from tests import patience

PATHS = st.text(st.sampled_from('abc/*-_."\\ é'), min_size=1)
POLICIES = st.dictionaries(PATHS, st.lists(st.sampled_from(sorted(CAPABILITIES)), unique=True))
SCRAPS = st.lists(
    st.sampled_from(
        ["path", '"a/*"', "{", "}", "capabilities", "=", "[", "]", '"read"', ",", "#x\n"]
    )
)


def attempt(parser: Callable[[Any], Any], raw: object) -> Any:
    """What a parser makes of it; the status where it is refused."""
    try:
        return parser(raw)
    except Refusal as refusal:
        return refusal.status


@given(POLICIES)
def test_hcl_and_json_say_the_same(policy: dict[str, list[str]]) -> None:
    """The same rules in either syntax are the same policy."""
    blocks = {path: {"capabilities": granted} for path, granted in policy.items()}
    hcl = "\n".join(
        f"path {json.dumps(path)} {{ capabilities = {json.dumps(granted)} }}"
        for path, granted in policy.items()
    )
    assert parse(hcl) == parse(json.dumps({"path": blocks}))


@given(st.text() | SCRAPS.map(" ".join) | st.text().map(lambda rest: "{" + rest))
def test_any_text_is_a_policy_or_refused(text: str) -> None:
    """A mistake is a 400, never a crash."""
    rules = attempt(parse, text)
    assert rules == 400 or all(granted <= CAPABILITIES for granted in rules.values())


@given(st.integers(0, 10**7))
def test_durations_read_back(total: int) -> None:
    """What is printed in a warning means the same when it is read."""
    assert seconds(duration(total)) == seconds(total) == seconds(f"{total}s") == total


@pytest.mark.parametrize("text", ["1x", "h", "1.5h", "one", "1h1h", "[]"])
def test_other_durations_are_refused(text: str) -> None:
    """What is no duration is a 400."""
    with pytest.raises(Refusal):
        seconds(text)


@given(st.binary() | st.text().map(str.encode))
def test_any_body_is_an_object_or_refused(body: bytes) -> None:
    """A body that is no JSON object is a 400, never a crash."""
    parsed = attempt(parse_body, body)
    assert parsed == 400 or isinstance(parsed, dict)


def all_at_once(calls: int, vault: DevVault, method: str, path: str, token: str) -> list[int]:
    """The statuses of equal calls by as many threads."""
    import httpx

    barrier, statuses = threading.Barrier(calls), list[int]()

    def call() -> None:
        barrier.wait(patience.SECONDS)
        headers = {"X-Vault-Token": token}
        answer = httpx.request(method, f"{vault.url}/v1/{path}", headers=headers)
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=call) for _ in range(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


class TestManyAtOnce:
    """What may happen only so often happens only so often."""

    def test_uses_are_counted_exactly(self, ci_secrets_vault: DevVault) -> None:
        """Of eight calls by a token of five uses five are answered."""
        _, body = ci_secrets_vault.root("POST", "auth/token/create", {"num_uses": 5})
        token = body["auth"]["client_token"]
        statuses = all_at_once(8, ci_secrets_vault, "GET", "auth/token/lookup-self", token)
        assert statuses == [200] * 5 + [403] * 3

    def test_a_wrapping_token_opens_once(self, ci_secrets_vault: DevVault) -> None:
        """Of eight who unwrap one gets the answer."""
        import httpx

        headers = {"X-Vault-Token": ci_secrets_vault.root_token, "X-Vault-Wrap-TTL": "60"}
        url = f"{ci_secrets_vault.url}/v1/sys/wrapping/wrap"
        token = httpx.post(url, json={"a": "b"}, headers=headers).json()["wrap_info"]["token"]
        statuses = all_at_once(8, ci_secrets_vault, "POST", "sys/wrapping/unwrap", token)
        assert statuses == [200] + [400] * 7
