"""The text for shells: every one of them can read it, and tells nothing by it."""

import re
import subprocess
from pathlib import Path

from ci_secrets.delivery import activation
from ci_secrets.secret import Secret
from tests import patience
from tests.unit.delivery.test_sourced import SHELLS, shells


@shells
def test_every_shell_can_read_it(shell: str, tmp_path: Path) -> None:
    """No line of it is a syntax error anywhere."""
    text = activation.takeover(Path("/home of/the keeper"), "key")
    text += activation.assignments([("A", Secret("it's"))], ["B", "not.a.name"])
    for number, part in enumerate((activation.invitation(["activate", "it's"]), text)):
        file = tmp_path / str(number)
        file.write_bytes(part)
        done = subprocess.run(
            [*SHELLS[shell], "-n", file], capture_output=True, timeout=patience.SECONDS
        )
        assert (done.returncode, done.stderr) == (0, b"")


def test_nothing_is_called_by_a_name_that_is_not_ours() -> None:
    """Functions and variables have a prefix, so that they are in nobody's way."""
    text = activation.takeover(Path("/home"), "key").decode()
    names = re.findall(r"^ *(\w+)(?:\(\) \{$|=)|for (\w+) do", text, re.MULTILINE)
    assert len(names) > 20
    assert [it for it in names if not "".join(it).startswith("_ci_secrets_")] == []


@shells
def test_values_and_what_is_taken_away(shell: str) -> None:
    """Values are exported, variables of the identity gone, names that no shell has left alone."""
    text = activation.assignments([("A", Secret("it's\n"))], ["B", "not.a.name"]).decode()
    script = f"_ci_secrets_flags=$-\n{text}\nsh -c 'echo \"$A|${{B-unset}}\"'"
    done = subprocess.run(
        [*SHELLS[shell], "-c", script], env={"B": "jwt", "PATH": "/usr/bin:/bin"},
        capture_output=True, timeout=patience.SECONDS,
    )  # fmt: skip
    assert done.stdout == b"it's\n|unset\n", done.stderr


@shells
def test_the_key_of_the_keeper_is_for_no_command(shell: str) -> None:
    """Commands do not inherit it, not even where the job exported a variable of its name before."""
    text = activation.takeover(Path("/home"), "the-key").decode()
    definitions = text.partition("_ci_secrets_action=")[0]
    done = subprocess.run(
        [*SHELLS[shell], "-c", f'{definitions}\necho "$_ci_secrets_key"; env'],
        env={"_ci_secrets_key": "another", "PATH": "/usr/bin:/bin"},
        capture_output=True, timeout=patience.SECONDS,
    )  # fmt: skip
    assert done.stdout.count(b"the-key") == 1, done.stderr


def test_a_keeper_belongs_to_one_shell() -> None:
    """A script that inherits the variables (`set -a`) is another shell, with none."""
    assert activation.keeper("12", "12", "/home") == Path("/home")
    assert activation.keeper("13", "12", "/home") is None
    assert activation.keeper("13", "", "") is None
