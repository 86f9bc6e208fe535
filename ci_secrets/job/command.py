"""CMD in an open run: its environment, its watched output, and what is left to close after it."""

from typing import TYPE_CHECKING

from ci_secrets.delivery import child
from ci_secrets.job.closing import end, summarised, tell, write_reports
from ci_secrets.job.files import handed_on, step_files
from ci_secrets.job.opening import Job
from ci_secrets.job.signals import Revoker
from ci_secrets.job.variables import environment_of
from ci_secrets.job.watch import Watch
from ci_secrets.leaks.sought import as_seen

if TYPE_CHECKING:
    from ci_secrets.job.execute import Execution


def run(job: Job, execution: "Execution") -> int:
    """Run CMD, close the run, and say how it went; the exit code of the contract."""
    variables = environment_of(job, keep_identity=execution.keep_identity)
    watch = Watch(job.platform)
    job.learners.append(watch.add)
    watch.add(job.known())  # NOTE: after that, or what the keeper learns in between is lost
    revoker = Revoker(job.close)
    ended = child.run(
        execution.argv,
        variables,
        make_filter=watch.filter,
        one_log=execution.one_log,
        on_signal=revoker.on_signal,
        meanwhile=watch.get_ready,
    )
    with job.stops.held(revoker.on_signal):  # or what is known by now would not be said
        for note in ended.notes:
            job.console.warn(note)
        closed = end(
            job,
            as_seen(
                watch.reports() + step_files(job.platform, watch, job.console),
                [entry.name for entry in job.credentials],
            ),
            child_code=ended.code,
            unwritten=ended.unwritten,
            interrupted=revoker.ended(),
            warnings=handed_on(job.platform, watch),
        )
        closed = summarised(closed, job.platform)
        tell(closed, job.console)
        unwritten = write_reports(closed, execution.reports, job.environment, job.console)
    return closed.exit_code or job.stops.exit_code or unwritten
