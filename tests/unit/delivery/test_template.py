"""Templates: what they can do, what they cannot, and what their errors do not say."""

import pytest

from ci_secrets.delivery.template import render
from ci_secrets.errors import ConfigError, OutputRefusedError
from ci_secrets.secret import Secret

VALUES = {"USER": Secret("app"), "PASSWORD": Secret("made-up-Pä$$<&>'\""), "ONE": Secret("1\n")}


def test_rendered_exactly() -> None:
    """Values are put in as they are, without escapes; the last newline stays."""
    text = "user={{ USER }}\n{% for c in ONE %}[{{ c }}]{% endfor %}\n{{ PASSWORD }}\n"
    expected = "user=app\n[1][\n]\nmade-up-Pä$$<&>'\"\n"
    assert render("conf", text, VALUES).text() == expected


def test_filters() -> None:
    """Jinja's own filters and base64 are there."""
    assert render("conf", "{{ USER | upper }} {{ USER | b64encode }}", VALUES).text() == "APP YXBw"


def test_optional_secret() -> None:
    """A secret that may be missing can be asked for."""
    assert render("conf", "{% if NO is defined %}{{ NO }}{% endif %}ok", VALUES).text() == "ok"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("\n{{ NO }}", 2, "`NO`, which is no secret"),
        ("a\nb\n{% if", 3, "syntax"),
        ("{{ USER | nope }}", 1, "syntax"),
        ("\n{{ ''.__class__.__mro__ }}", 2, "sandbox"),
        ("{{ USER.nope }}", 1, "field"),
        ("\n\n{{ {}[PASSWORD] }}", 3, "field"),
        ("{{ USER + 1 }}", 1, "TypeError"),
        ("{{ USER.encode().decode(PASSWORD) }}", 1, "LookupError"),
        ("{% include '/etc/passwd' %}", 1, "TypeError"),
        ("{{ range(3) }}", 1, "`range`, which is no secret"),
        ("{{ self.__init__.__globals__ }}", 1, "sandbox"),
    ],
)
def test_errors(text: str, line: int, why: str) -> None:
    """The error says the template, the line and the kind, never a value."""
    with pytest.raises(ConfigError, match=f"The template conf, line {line} ") as caught:
        render("conf", text, VALUES)
    assert why in caught.value.what
    assert "made-up" not in caught.value.what + caught.value.cause + caught.value.fix
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 2**20 }}b",
        "{% for a in USER * 10**6 %}{{ a }}{% endfor %}",
        "{{ '%1000000000d' | format(1) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 2 ** (2 ** 40) }}",
    ],
)
def test_bounded(text: str) -> None:
    """Neither memory, nor time, nor output without end, and none of our own process."""
    with pytest.raises(ConfigError, match="The template big"):
        render("big", text, VALUES)


def test_one_mebibyte_is_rendered() -> None:
    """The bound is 1 MiB, inclusive."""
    assert len(render("big", "{{ 'a' * 2**20 }}", VALUES)) == 2**20


def test_binary_value() -> None:
    """A value that is no text is refused by its name."""
    with pytest.raises(OutputRefusedError, match="BLOB") as caught:
        render("conf", "x", {"BLOB": Secret(b"made-up\xff")})
    assert "made-up" not in caught.value.what


def test_surroundings_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The renderer has none of our environment: nothing in it reaches a template."""
    monkeypatch.setenv("LD_PRELOAD", "/no/such/library.so")
    monkeypatch.setenv("PYTHONPATH", "/no/such/place")
    assert render("conf", "{{ USER }}", VALUES).text() == "app"
