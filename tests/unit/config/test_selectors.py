"""vault-action's lines mean what they mean there, but never go wrong in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.config.model import AllKeys, Field, Jsonata, SecretRequest, Selector
from ci_secrets.config.names import PATTERN
from ci_secrets.config.selectors import parse_secrets
from ci_secrets.errors import ConfigError


def one(line: str) -> SecretRequest:
    """The only request of a line."""
    (request,) = parse_secrets(line, "vault")
    return request


@pytest.mark.parametrize(
    ("line", "path", "selector", "variable", "output"),
    [
        ("secret/data/app token", "secret/data/app", Field(keys=("token",)), "TOKEN", "token"),
        ("/secret/data/app token", "secret/data/app", Field(keys=("token",)), "TOKEN", "token"),
        ("p key.value", "p", Field(keys=("key", "value")), "KEY__VALUE", "key__value"),
        ("p a.b.c", "p", Field(keys=("a", "b", "c")), "A__B__C", "a__b__c"),
        ("p npm-token", "p", Field(keys=("npm-token",)), "NPMTOKEN", "npmtoken"),
        ('p "tls.crt"', "p", Field(keys=("tls.crt",)), "TLS__CRT", "tls__crt"),
        ('p a."b.c"', "p", Field(keys=("a", "b.c")), "A__B__C", "a__b__c"),
        ("p `tls.crt`", "p", Field(keys=("tls.crt",)), "TLS__CRT", "tls__crt"),
        ("p key|testName", "p", Field(keys=("key",)), "testName", "testName"),
        ("p key | A", "p", Field(keys=("key",)), "A", "A"),
        ("p user@host | A", "p", Field(keys=("user@host",)), "A", "A"),
        ("p a|b | A", "p", Field(keys=("a|b",)), "A", "A"),
        ("p 测试 | A", "p", Field(keys=("测试",)), "A", "A"),
        ("p list[0] | A", "p", Jsonata(expression="list[0]"), "A", "A"),
        ("p $.data.x | A", "p", Jsonata(expression="$.data.x"), "A", "A"),
        ("p $ | A", "p", Jsonata(expression="$"), "A", "A"),
        ("p *", "p", AllKeys(), "", ""),
        ("p **", "p", AllKeys(keep_case=True), "", ""),
        ("p * | APP_", "p", AllKeys(), "APP_", "APP_"),
        ("p ** | app_", "p", AllKeys(keep_case=True), "app_", "app_"),
        ("secret/data/app/** *", "secret/data/app", AllKeys(recursive=True), "", ""),
        ("a:b/c key", "a:b/c", Field(keys=("key",)), "KEY", "key"),
        ("vault:p key", "p", Field(keys=("key",)), "KEY", "key"),
    ],
)
def test_lines_mean_what_they_mean_in_vault_action(
    line: str, path: str, selector: Selector, variable: str, output: str
) -> None:
    """Path, selector and both names of each kind of line."""
    request = one(line)
    assert (request.path, request.selector) == (path, selector)
    assert (request.name, request.output_name) == (variable, output)
    assert request.store == "vault"


def test_many_lines() -> None:
    """Lines are split at `;`; white space and empty ones do not count."""
    requests = parse_secrets("\n  first a;\n  second b ;;\n third c | SOME_C ;\n", "vault")
    assert [(entry.path, entry.name) for entry in requests] == [
        ("first", "A"),
        ("second", "B"),
        ("third", "SOME_C"),
    ]


@pytest.mark.parametrize("text", ["", " ", ";", "\n ; \n"])
def test_nothing_is_nothing(text: str) -> None:
    """No lines are no requests: a plain login."""
    assert parse_secrets(text, "vault") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("p", "1 words"),
        ("p a b", "3 words"),
        ("|A", "0 words"),
        ("p a b.c | A", "3 words"),
        ("p key|", "no name after"),
        ("p list[0]", "needs a name"),
        ("p $.x", "needs a name"),
        ("p key | my-name", "cannot be a name"),
        ("p 测试", "cannot be a name"),
        ("p 2fa", "cannot be a name"),
        ("p path", "`PATH` is refused"),
        ("p key | NODE_OPTIONS", "`NODE_OPTIONS` is refused"),
        ("p a-b; p ab", "Two secrets are called `AB`"),
        ("p a; q A", "Two secrets are called `A`"),
        ("p a; q b | A", "Two secrets are called `A`"),
        ("p a | token; q b | TOKEN", "Two secrets are called `TOKEN`"),
        ("p a; p a", "Two secrets are called `A`"),
        ("../sys/seal a", "is no path"),
        ("p/../q a", "is no path"),
        ("p//q a", "is no path"),
        ("/ a", "is no path"),
        ("p?version=2 a", "has a query"),
        ("p/* a", "has a `*`"),
        ("p/** a", "names many secrets"),
        ('p "" | A', "empty key"),
        ('p "\\x" | A', "JSON does not know"),
    ],
)
def test_what_would_go_wrong_is_an_error(text: str, says: str) -> None:
    """Each malformed or ambiguous line is refused, quoted, and says what to write."""
    with pytest.raises(ConfigError) as caught:
        parse_secrets(text, "vault")
    assert says in caught.value.what
    assert caught.value.fix


class TestSeveralStores:
    """With several stores each line says which one it means."""

    def test_prefix(self) -> None:
        """`store:path` names the store."""
        requests = parse_secrets("a:p x; b:q:r y", None, ["a", "b"])
        assert [(entry.store, entry.path) for entry in requests] == [("a", "p"), ("b", "q:r")]

    @pytest.mark.parametrize(
        ("line", "says"), [("p x", "of which store"), ("c:p x", "no store `c`")]
    )
    def test_without_prefix(self, line: str, says: str) -> None:
        """A line that leaves it open is refused with the names."""
        with pytest.raises(ConfigError) as caught:
            parse_secrets(line, None, ["a", "b"])
        assert says in caught.value.what
        assert "a, b" in caught.value.fix


@given(
    st.one_of(
        st.text(), st.text(alphabet='ab/.*|;: \n"`$[]#-\\é'), st.from_regex(r"\S+ \S+( \| \w+)?")
    )
)
def test_any_text_is_requests_or_a_refusal(text: str) -> None:
    """No text raises anything but ConfigError, and every name is one."""
    failure: ConfigError | None = None
    requests: tuple[SecretRequest, ...] = ()
    try:
        requests = parse_secrets(text, "vault")
    except ConfigError as refusal:
        failure = refusal
    assert failure is None or (failure.fix and failure.what.isprintable())
    for entry in requests:
        assert isinstance(entry.selector, AllKeys) or PATTERN.fullmatch(entry.name)
        assert entry.path
        assert not {"", ".", ".."}.intersection(entry.path.split("/"))
