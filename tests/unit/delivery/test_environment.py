"""What CMD's environment holds, and what is refused before anything is written."""

import os
from pathlib import Path

import pytest

from ci_secrets.delivery.environment import (
    MAX_VALUE_BYTES,
    check_deliverable,
    child_environment,
)
from ci_secrets.errors import ConfigError, OutputRefusedError
from ci_secrets.secret import Credential, Secret


def credential(value: bytes, name: str = "APP_KEY", deliver: str = "value") -> Credential:
    """A credential of made-up origin."""
    return Credential(name=name, value=Secret(value), source="vault:kv/app#key", deliver=deliver)


BAD = {
    "NUL": b"made-up\0value",
    "UTF-8": b"made-up\xff",
    "KiB": b"x" * (MAX_VALUE_BYTES + 1),
}


class TestCheck:
    """`check_deliverable` looks at all values before one is written."""

    @pytest.mark.parametrize("why", BAD)
    def test_refused_as_a_value(self, why: str) -> None:
        """NUL, no UTF-8, too long: refused with the name and `as: file`, without the value."""
        good = credential(b"ok", "GOOD")
        with pytest.raises(OutputRefusedError, match="APP_KEY") as caught:
            check_deliverable([good, credential(BAD[why])])
        assert why in caught.value.what
        assert "as: file" in caught.value.fix
        assert "made-up" not in caught.value.what + caught.value.cause + caught.value.fix

    @pytest.mark.parametrize("why", BAD)
    @pytest.mark.parametrize("deliver", ["file", "none"])
    def test_taken_otherwise(self, why: str, deliver: str) -> None:
        """A file takes any bytes, and what is for templates only is not delivered."""
        check_deliverable([credential(BAD[why], deliver=deliver)])

    @pytest.mark.parametrize("deliver", ["value", "file"])
    def test_names(self, deliver: str) -> None:
        """A name that would break the job is refused, whatever is delivered under it."""
        with pytest.raises(ConfigError, match="LD_PRELOAD"):
            check_deliverable([credential(b"x", "LD_PRELOAD", deliver)])

    def test_largest_value(self) -> None:
        """120 KiB are delivered."""
        check_deliverable([credential(b"x" * MAX_VALUE_BYTES)])


class TestEnvironment:
    """`child_environment` adds and takes away."""

    def test_values_paths_and_the_rest(self) -> None:
        """Consumed names go, LD_* and the rest stay, values and paths come."""
        base = {"HOME": "/h", "LD_LIBRARY_PATH": "/l", "VAULT_ID_TOKEN": "t", "APP_KEY": "old"}
        credentials = [
            credential(b"new"),
            credential(b"file", "CERT", "file"),
            credential(b"none", "PART", "none"),
        ]
        paths = {"CERT": Path("/private/CERT")}
        assert child_environment(base, credentials, paths, {"VAULT_ID_TOKEN", "ABSENT"}) == {
            "HOME": "/h",
            "LD_LIBRARY_PATH": "/l",
            "APP_KEY": "new",
            "CERT": "/private/CERT",
        }

    def test_consumed_name_that_is_delivered(self) -> None:
        """`VAULT_TOKEN` is taken away, but delivered where it is listed as a secret."""
        given = [credential(b"fresh", "VAULT_TOKEN")]
        environment = child_environment({"VAULT_TOKEN": "ours"}, given, {}, {"VAULT_TOKEN"})
        assert environment == {"VAULT_TOKEN": "fresh"}

    def test_bytes_are_kept(self) -> None:
        """The bytes of a value are what the program gets, line ends and all."""
        value = "ü\r\n\t€ \n".encode()
        environment = child_environment({}, [credential(value)], {}, ())
        assert os.fsencode(environment["APP_KEY"]) == value

    def test_too_much_in_all(self) -> None:
        """More than the system takes is refused, and the largest is named."""
        count = os.sysconf("SC_ARG_MAX") // MAX_VALUE_BYTES + 1
        many = [credential(b"x" * MAX_VALUE_BYTES, f"PART_{n}") for n in range(min(count, 60))]
        with pytest.raises(OutputRefusedError, match="at most") as caught:
            child_environment({"SMALL": "1"}, many, {}, ())
        assert "PART_" in caught.value.cause
        assert "SMALL" not in caught.value.cause
