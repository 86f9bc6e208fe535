"""`verify --mode refetch`: the values that the other jobs had, fetched again and given back."""

from collections.abc import Mapping

from ci_secrets.console import Console
from ci_secrets.errors import UsageError
from ci_secrets.job.closing import end, tell_closed
from ci_secrets.job.handover import Taken
from ci_secrets.job.opening import Job, Wanted
from ci_secrets.leaks.findings import Skipped
from ci_secrets.leaks.sought import Known

_ANEW = (
    "it is made anew for every job: that of the other jobs is not known here. Only "
    "--mode hand-over looks for it."
)


def refetch(wanted: Wanted, environment: Mapping[str, str], console: Console) -> Taken:
    """What to look for. All that was minted for it is revoked before anything is looked at.

    Raises what an opening raises; `UsageError` where no value is that of another job.
    """
    job = Job(wanted, environment, console)
    with job.opened():
        anew = _made_anew(job)
        # NOTE: own credentials too: an access token or a secret-id is often that of all jobs.
        known = {name: it for name, it in job.known().items() if name not in anew}
        ended = end(job, (), facts={"outcome": "fetched to verify"})
    tell_closed(ended, console)
    if anew.issuperset(it.name for it in job.credentials):
        raise UsageError(
            "There is nothing to look for: no value is the one that another job had.",
            cause="Each is made anew for every job, or ci-secrets.yaml names none.",
            fix="Let the job hand over what it has: ci-secrets exchange --hand-over 3600, and "
            "ci-secrets verify --mode hand-over.",
        )
    return Taken(
        known=Known(known, frozenset(it.name for it in job.credentials)),
        leaks=job.config.leaks,
        skipped=tuple(
            Skipped(secret=name, reason=_ANEW, extent="looked for at all") for name in sorted(anew)
        ),
        exit_code=ended.exit_code,
    )


def _made_anew(job: Job) -> set[str]:
    """Names of values that live on a lease, that a POST has made, or that may be made of such."""
    posted = {f"{it.store}:{it.path}" for it in job.config.secrets if it.payload is not None}
    anew = {
        it.name for it in job.credentials if it.lease_id or it.source.partition("#")[0] in posted
    }
    return anew | {it.name for it in job.credentials if anew and it.source == "template"}
