"""CMD in an open run: its environment, its watched output, and what is left to close after it."""

import threading
from typing import TYPE_CHECKING

from ci_secrets.delivery import child
from ci_secrets.delivery.environment import check_deliverable, child_environment
from ci_secrets.job.closing import end, tell, write_reports
from ci_secrets.job.files import handed_on, secret_files, step_files
from ci_secrets.job.opening import Job
from ci_secrets.job.watch import Watch

if TYPE_CHECKING:
    from ci_secrets.job.execute import Execution


def run(job: Job, execution: "Execution") -> int:
    """Run CMD, close the run, and say how it went; the exit code of the contract."""
    check_deliverable(job.credentials)
    variables = _child_environment(job, execution)
    watch = Watch(job.platform)
    job.learners.append(watch.add)
    watch.add(job.known())  # NOTE: after that, or what the keeper learns in between is lost
    revoker = _Revoker(job)
    ended = child.run(
        execution.argv,
        variables,
        make_filter=watch.filter,
        one_log=execution.one_log,
        on_signal=revoker.on_signal,
        meanwhile=watch.get_ready,
    )
    for note in ended.notes:
        job.console.warn(note)
    closed = end(
        job,
        watch.reports() + step_files(job.platform, watch, job.console),
        child_code=ended.code,
        interrupted=revoker.ended(),
        warnings=handed_on(job.platform, watch),
    )
    tell(closed, job.platform, job.console)
    write_reports(closed, execution.reports, job.environment, job.console)
    return closed.exit_code


class _Revoker:
    """Revokes at the first stopping signal, beside CMD: the CI kills us all seconds from then."""

    def __init__(self, job: Job) -> None:
        self._thread = threading.Thread(target=job.close, args=("signal",))

    def on_signal(self, _signum: int) -> None:
        """Return at once; the work is done in a thread."""
        if self._thread.ident is None:
            self._thread.start()

    def ended(self) -> bool:
        """Whether it was needed; waits until it is through."""
        began = self._thread.ident is not None
        if began:
            self._thread.join()
        return began


def _child_environment(job: Job, execution: "Execution") -> dict[str, str]:
    consumed = set() if execution.keep_identity else _consumed(job)
    return child_environment(job.environment, job.credentials, secret_files(job), consumed)


def _consumed(job: Job) -> set[str]:
    """Variables that gave us identity, the state's key or a login; and the trail's key."""
    names = set(job.platform.identity_variables())
    for store in job.config.stores.values():
        names |= set(store.auth.environment.values())
    return names | {"CI_SECRETS_AUDIT_KEY_FILE"}
