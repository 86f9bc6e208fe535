"""The options that commands share; each has an environment variable `CI_SECRETS_*`."""

import argparse
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ci_secrets.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ci_secrets.leaks.formats import ReportFile


class Option(NamedTuple):  # NOTE: not a dataclass, whose import costs as much as this file
    """One option; `flag` ones take no value, `many` ones may be given again (a line each).

    Those are converted together.
    """

    help: str
    metavar: str = ""
    convert: Callable[[Any], Any] = str
    flag: bool = False
    many: bool = False
    default: Any = None
    least: int = 1
    """Of a number."""


def path(text: str) -> "Path":
    """A path."""
    from pathlib import Path

    return Path(text)


def seconds(text: str) -> int:
    """A whole number of seconds, at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError
    return int(text)


def reports(texts: Sequence[str]) -> "tuple[ReportFile, ...]":
    """Each `FORMAT=FILE`, or `FILE` for JSON."""
    if not texts:
        return ()
    from ci_secrets.leaks.formats import report_files

    return report_files(texts)


OPTIONS: Final[dict[str, Option]] = {
    "config": Option(
        help="the file that says which secrets (default: ./ci-secrets.yaml)",
        metavar="FILE",
        convert=path,
    ),
    "secrets": Option(
        help="secrets as lines `path selector | NAME ;`, instead of a file", metavar="LINES"
    ),
    "platform": Option(
        help="github, gitlab, jenkins, azure, bitbucket, buildkite, circleci or generic "
        "(default: as the environment shows)",
        metavar="NAME",
    ),
    "url": Option(help="the store's URL, where no file names one", metavar="URL"),
    "role": Option(help="the role to log in as", metavar="ROLE"),
    "method": Option(help="how to log in (default: jwt)", metavar="METHOD"),
    "mount": Option(help="path of the auth mount (default: the method's name)", metavar="PATH"),
    "namespace": Option(help="namespace of the store", metavar="NS"),
    "audience": Option(help="audience of the JWT (default: the URL's origin)", metavar="AUD"),
    "ca-file": Option(
        help="the CA of the store, in place of the machine's", metavar="FILE", convert=path
    ),
    "id-token-env": Option(help="the variable that holds the JWT", metavar="VAR"),
    "id-token-file": Option(help="the file that holds the JWT", metavar="FILE", convert=path),
    "env-file": Option(
        help="where to put the values as a 0600 file to source", metavar="FILE", convert=path
    ),
    "dotenv": Option(
        help="also write a GitLab dotenv report: an artifact, readable by others",
        metavar="FILE",
        convert=path,
    ),
    "export-env": Option(
        help="set variables for the job's later steps too (GitHub, Azure)", flag=True
    ),
    "hand-over": Option(
        help="also hand the values, sealed, to `verify` in a following job, within this many "
        "seconds (GitHub)",
        metavar="SECONDS",
        convert=seconds,
    ),
    "audit-file": Option(help="the audit trail to append to", metavar="FILE", convert=path),
    "state-dir": Option(help="where the sealed state lies", metavar="DIR", convert=path),
    "run-id": Option(
        help="name of this run, where no CI gives one; on Jenkins, of a block of it", metavar="ID"
    ),
    "keep-identity": Option(help="leave the identity's variables to the command", flag=True),
    "heartbeat-ttl": Option(
        help="after a kill -9 everything is gone within this many seconds (default: 300, at "
        "least 5)",
        metavar="SECONDS",
        convert=seconds,
        default=300,
        # A renewal at two thirds, and time for another one where that fails.
        least=5,
    ),
    "require-proof": Option(help="a revoke that could not be proven is exit 9", flag=True),
    "one-log": Option(help="one pipe for stdout and stderr, in exact order", flag=True),
    "report": Option(
        help="write the report as JSON, or FORMAT=FILE in another format; may be repeated",
        metavar="FILE",
        convert=reports,
        many=True,
    ),
    "known": Option(help="JSON object of name → value to look for (`-`: stdin)", metavar="FILE"),
    "mode": Option(
        help="where `verify` has the values from: hand-over or refetch (default: hand-over; on "
        "GitLab refetch)",
        metavar="MODE",
    ),
    "handed": Option(help="what `exchange` handed over (`-`: stdin)", metavar="FILE", default="-"),
    "log": Option(help="the job's log to scan", metavar="FILE", convert=path),
    "head": Option(help="the head that the run printed: shows truncation", metavar="HEAD"),
    "follow": Option(
        help="read on while the file grows, and warn of values at once; SIGINT or SIGTERM end it",
        flag=True,
    ),
    "format": Option(
        help="text, json, sarif, gitlab, junit, markdown, annotations or html (default: text)",
        metavar="FORMAT",
        default="text",
    ),
    "ignore-file": Option(
        help="findings that are accepted (default: ./.ci-secrets-ignore)",
        metavar="FILE",
        convert=path,
    ),
    "job": Option(help="the one job whose secrets are wanted (default: all)", metavar="NAME"),
    "store": Option(
        help="embedded, or vault: `vault` or `bao` from PATH in its development mode "
        "(default: embedded)",
        metavar="KIND",
        default="embedded",
    ),
}
"""Name → option. The environment variable is `CI_SECRETS_` and the name in upper case."""

_TRUE: Final = frozenset({"true", "True", "TRUE", "1"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "0", ""})


def variable(name: str) -> str:
    """The environment variable of an option."""
    return "CI_SECRETS_" + name.upper().replace("-", "_")


def add(parser: argparse.ArgumentParser, *names: str) -> None:
    """Give a command these options. Defaults come later, by `settle`."""
    for name in names:
        option = OPTIONS[name]
        text = f"{option.help} [{variable(name)}]"
        if option.flag:
            parser.add_argument(f"--{name}", action="store_true", default=None, help=text)
        else:
            action = "append" if option.many else "store"
            parser.add_argument(f"--{name}", metavar=option.metavar, help=text, action=action)


def one_of(known: Collection[str], given: str, what: str) -> str:
    """What was given, where it is known. Raises `UsageError` that shows what is."""
    if given not in known:
        raise UsageError(f"That {what} is not known.", fix=f"One of: {', '.join(known)}.")
    return given


def settle(namespace: argparse.Namespace, environment: Mapping[str, str]) -> argparse.Namespace:
    """Fill in what the command line left open from the environment, and convert all values.

    Raises `UsageError` naming the option, never its value.
    """
    for name, option in OPTIONS.items():
        attribute = name.replace("-", "_")
        if not hasattr(namespace, attribute):
            continue
        given = getattr(namespace, attribute)
        if given is None:
            given = environment.get(variable(name)) or None
        setattr(namespace, attribute, _converted(name, option, given))
    _keep_reports_apart(namespace)
    return namespace


def _keep_reports_apart(namespace: argparse.Namespace) -> None:
    """Refuse a report in the place of a file that is named for something else."""
    reports = getattr(namespace, "report", ())
    if not reports:
        return
    from ci_secrets.config import wording
    from ci_secrets.leaks import ignore
    from ci_secrets.paths import same_file

    files = [name for name, it in OPTIONS.items() if it.metavar == "FILE" and name != "report"]
    named = [(f"--{name}", getattr(namespace, name.replace("-", "_"), None)) for name in files]
    named += [("PATH", path) for path in getattr(namespace, "paths", ())]
    # NOTE: also where the options name no other; the workspace is the working directory as a rule
    named += [(name, name) for name in (wording.NAME, ignore.NAME)]
    for what, file in named:
        if file is None or str(file) == "-":
            continue
        if any(same_file(report.path, file) for report in reports):
            raise UsageError(
                f"--report names the same file as {what}.",
                cause="The report would take the place of that file.",
                fix="Give the report a FILE of its own.",
            )


def _converted(name: str, option: Option, given: Any) -> Any:  # noqa: ANN401
    if option.flag:
        return _boolean(name, given)
    if option.many:
        lines = given.splitlines() if isinstance(given, str) else given or ()
        return option.convert([line for line in map(str.strip, lines) if line])
    if given is None:
        return option.default
    try:
        value = option.convert(given)
        if isinstance(value, int) and value < option.least:
            raise ValueError
    except ValueError:
        raise UsageError(
            f"--{name} (or {variable(name)}) is not usable.",
            cause=f"It must be a whole number of seconds, at least {option.least}.",
            fix=f"--{name} {option.metavar}: {option.help}.",
        ) from None
    return value


def _boolean(name: str, given: bool | str | None) -> bool:
    if given is None or given is True:
        return bool(given)
    if given in _TRUE:
        return True
    if given in _FALSE:
        return False
    raise UsageError(f"{variable(name)} must be true or false.")
