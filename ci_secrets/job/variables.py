"""What a run's values become: the variables of a command or of a shell, less what gave identity."""

from ci_secrets.delivery.environment import check_deliverable, child_environment
from ci_secrets.job.files import secret_files
from ci_secrets.job.opening import Job
from ci_secrets.secret import Secret


def environment_of(job: Job, *, keep_identity: bool) -> dict[str, str]:
    """The whole environment of a command.

    Raises `OutputRefusedError` or `ConfigError` for what no environment can carry.
    """
    check_deliverable(job.credentials)
    taken = set() if keep_identity else consumed(job)
    return child_environment(job.environment, job.credentials, secret_files(job), taken)


def changes_of(job: Job, *, keep_identity: bool) -> tuple[list[tuple[str, Secret]], list[str]]:
    """What a shell that has the run's environment already sets, and what it unsets."""
    environment = environment_of(job, keep_identity=keep_identity)
    delivered = [entry.name for entry in job.credentials if entry.deliver != "none"]
    return (
        [(name, Secret(environment[name])) for name in delivered],
        sorted(job.environment.keys() - environment.keys()),
    )


def consumed(job: Job) -> set[str]:
    """Variables that gave us identity, the state's key or a login; and the trail's key."""
    names = set(job.platform.identity_variables())
    for store in job.config.stores.values():
        names |= set(store.auth.environment.values())
    return names | {"CI_SECRETS_AUDIT_KEY_FILE"}
