"""Options: from the command line, else from the environment, else the default."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from ci_secrets.cli.options import OPTIONS, add, seconds, settle, variable
from ci_secrets.errors import UsageError


def settled(name: str, *words: str, **variables: str) -> Any:
    """Give the value that one option comes to."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add(parser, name)
    return getattr(settle(parser.parse_args(list(words)), variables), name.replace("-", "_"))


def test_the_variable_of_an_option() -> None:
    """CI_SECRETS_ and the name in upper case."""
    assert variable("id-token-env") == "CI_SECRETS_ID_TOKEN_ENV"


def test_the_command_line_wins() -> None:
    """Then the environment, then the default."""
    assert settled("role", "--role", "a", CI_SECRETS_ROLE="b") == "a"
    assert settled("role", CI_SECRETS_ROLE="b") == "b"
    assert settled("role") is None
    assert settled("heartbeat-ttl") == 300


def test_an_empty_variable_is_none() -> None:
    """CIs set variables for inputs that nobody gave."""
    assert settled("role", CI_SECRETS_ROLE="") is None
    assert settled("config", CI_SECRETS_CONFIG="") is None
    assert settled("heartbeat-ttl", CI_SECRETS_HEARTBEAT_TTL="") == 300


def test_values_are_converted_wherever_they_come_from() -> None:
    """A path is a path, seconds are a number."""
    assert settled("config", "--config", "a/b") == Path("a/b")
    assert settled("config", CI_SECRETS_CONFIG="a/b") == Path("a/b")
    assert settled("heartbeat-ttl", CI_SECRETS_HEARTBEAT_TTL="5") == 5


def test_an_option_may_be_given_again() -> None:
    """In the environment a line each; none at all is an empty tuple."""
    files = (("json", Path("a")), ("html", Path("b=c")))
    assert settled("report", "--report", "a", "--report", "html=b=c") == files
    assert settled("report", CI_SECRETS_REPORT="a\n html=b=c\n\n") == files
    assert settled("report", "--report", "a", CI_SECRETS_REPORT="b") == files[:1]
    assert settled("report") == settled("report", CI_SECRETS_REPORT="") == ()


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "soon", "", " 5", "5s", "1e3"])
def test_seconds_are_whole_and_at_least_one(text: str) -> None:
    """All else is refused."""
    with pytest.raises(ValueError, match=r"^$"):
        seconds(text)


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (("--heartbeat-ttl", "0"), {}),
        (("--heartbeat-ttl", "4"), {}),
        (("--heartbeat-ttl", "hunter2"), {}),
        ((), {"CI_SECRETS_HEARTBEAT_TTL": "hunter2"}),
    ],
)
def test_a_refusal_names_the_option_and_not_the_value(
    words: tuple[str, ...], variables: dict[str, str]
) -> None:
    """What was typed there may be a value."""
    with pytest.raises(UsageError) as caught:
        settled("heartbeat-ttl", *words, **variables)
    said = caught.value.what + caught.value.cause + caught.value.fix
    assert "--heartbeat-ttl" in said
    assert "CI_SECRETS_HEARTBEAT_TTL" in said
    assert "hunter2" not in said


def test_a_heartbeat_is_no_shorter_than_can_be_kept_up() -> None:
    """The refusal says the bound, which is the same in the option's help."""
    with pytest.raises(UsageError) as caught:
        settled("heartbeat-ttl", "--heartbeat-ttl", "4")
    assert "at least 5" in caught.value.cause
    assert "at least 5" in OPTIONS["heartbeat-ttl"].help
    assert settled("hand-over", "--hand-over", "1") == 1


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1"])
def test_a_flag_in_the_environment(text: str) -> None:
    """Is set by a word for yes."""
    assert settled("require-proof", CI_SECRETS_REQUIRE_PROOF=text) is True


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "0", ""])
def test_no_flag_in_the_environment(text: str) -> None:
    """Is said by a word for no."""
    assert settled("require-proof", CI_SECRETS_REQUIRE_PROOF=text) is False
    assert settled("require-proof", "--require-proof", CI_SECRETS_REQUIRE_PROOF=text) is True


@pytest.mark.parametrize("text", ["yes", "on", "2", "hunter2"])
def test_a_flag_that_is_neither(text: str) -> None:
    """A safety switch is never guessed at."""
    with pytest.raises(UsageError) as caught:
        settled("require-proof", CI_SECRETS_REQUIRE_PROOF=text)
    assert "CI_SECRETS_REQUIRE_PROOF" in caught.value.what
    assert text not in caught.value.what


def test_options_of_other_commands_are_left_alone() -> None:
    """A command sees what it declared and nothing else."""
    found = settle(argparse.Namespace(role=None), {"CI_SECRETS_CONFIG": "x"})
    assert vars(found) == {"role": None}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_has_words(name: str) -> None:
    """A help of one line, and a word for its value unless it has none."""
    option = OPTIONS[name]
    assert option.help
    assert "\n" not in option.help
    assert bool(option.metavar) is not option.flag
