"""The public functions, for Python programs that run inside a pipeline."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ci_secrets.console import Console
from ci_secrets.errors import NotClosedError
from ci_secrets.leaks.findings import Report
from ci_secrets.secret import Secret

HEARTBEAT_SECONDS = 300
"""As `--heartbeat-ttl`: how long credentials outlive a program that is killed."""

Values = Mapping[str, Secret | str | bytes]


@contextmanager
def exchange(
    config: str | os.PathLike[str] | None = None,
    *,
    secrets: str | None = None,
    url: str | None = None,
    role: str | None = None,
    audience: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Mapping[str, Secret]]:
    """Trade this job's identity for the values, by name; at the end they are revoked, with proof.

        with ci_secrets.exchange() as values:
            connect(password=values["DB_PASSWORD"].text())

    Arguments are those of the command line: a configuration file (default `ci-secrets.yaml`), or
    a store by `url` and lines of `secrets`. Leases are kept meanwhile. Raises the errors of
    `ci_secrets.errors`: before the body, with nothing left open; after it `NotClosedError`, where
    something may still be alive. In the main thread, SIGINT, SIGTERM and SIGHUP revoke first.
    """
    from ci_secrets.config.load import Options
    from ci_secrets.job.closing import end
    from ci_secrets.job.opening import Job, Wanted
    from ci_secrets.response.closings import details, headline

    wanted = Wanted(
        config=Options(
            config=Path(config) if config is not None else None,
            secrets=secrets,
            url=url,
            role=role,
            audience=audience,
        ),
        heartbeat_ttl=HEARTBEAT_SECONDS,
    )
    given = dict(os.environ if environment is None else environment)
    job = Job(wanted, given, Console.standard(given))
    with job.opened():
        yield {entry.name: entry.value for entry in job.credentials}
        ended = end(job, ())
        job.stops.raise_noted()
    if not ended.closed:
        raise NotClosedError(
            f"Not everything was revoked: {headline(ended.closings)}.",
            fix="\n".join(details(ended.closings)),
        )


def scan(text: bytes | Iterable[bytes], known: Values, *, name: str = "text") -> Report:
    """Look for known values, in every form, in a text or in its pieces."""
    from ci_secrets.leaks.matcher import build
    from ci_secrets.leaks.scan import scan_stream
    from ci_secrets.leaks.sought import as_seen

    chunks = [text] if isinstance(text, bytes) else text
    report = scan_stream(build(_secret(known)), chunks, name)
    return as_seen([report], known)[0]


def redact(text: bytes, known: Values) -> bytes:
    """Replace known values, in every form that can be replaced in place, by `***`.

    What only a scan can see stays: what is packed, or has other words between its pieces.
    """
    from ci_secrets.leaks.matcher import build
    from ci_secrets.leaks.redact import redacted

    return redacted(build(_secret(known)), text)


def _secret(known: Values) -> dict[str, Secret]:
    return {
        name: value if isinstance(value, Secret) else Secret(value) for name, value in known.items()
    }
