"""The keeper of a shell in an open run: reads its output, adds values, and sees it end."""

import contextlib
import os
import secrets
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from ci_secrets.delivery.activation import assignments, takeover
from ci_secrets.delivery.meeting import Add, Answer, Asked, End, Meeting, meeting
from ci_secrets.delivery.pump import Stream, turn
from ci_secrets.delivery.signals import Signals
from ci_secrets.delivery.watched import Watched
from ci_secrets.errors import CiSecretsError
from ci_secrets.job.closing import end, summarised, tell, write_reports
from ci_secrets.job.files import handed_on, step_files
from ci_secrets.job.opening import Job
from ci_secrets.job.reports import clear_reports
from ci_secrets.job.signals import Revoker
from ci_secrets.job.variables import changes_of, consumed
from ci_secrets.job.watch import Watch
from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.leaks.sought import as_seen
from ci_secrets.response.outcome import together
from ci_secrets.secret import Secret

if TYPE_CHECKING:
    from ci_secrets.job.activate import Activation, Shell

_LOG: Final = 1
_PATIENCE_SECONDS: Final = 1.0
"""How long a reader that does not read is waited for when the job is being cancelled."""
_ADDING_SECONDS: Final = 60.0
"""How long the end waits for an `activate` that is under way."""
_GONE: Final = (
    "The shell ended without a word (`exec COMMAND`, a signal, or an EXIT trap in place of ours): "
    "its exit code says nothing of the verdict."
)


def attend(job: Job, activation: "Activation", shell: "Shell") -> int:
    """Let the shell go on, keep it until it ends; the exit code of the contract."""
    key = secrets.token_hex(16)
    job.own["key of the keeper"] = Secret(key)
    values = assignments(*changes_of(job, keep_identity=activation.keep_identity))
    with meeting(job.environment, key) as place, contextlib.ExitStack() as stack:
        keeper = _Keeper(job, activation, shell, place, stack)
        return keeper.run(Answer(0, takeover(place.home, key) + values))


class _Keeper:
    """One loop for the output, the questions and the end of a shell."""

    def __init__(
        self,
        job: Job,
        activation: "Activation",
        shell: "Shell",
        place: Meeting,
        stack: contextlib.ExitStack,
    ) -> None:
        self._jobs = [job]
        self._reports = list(activation.reports)
        self._shell = shell
        self._place = place
        self._stack = stack
        """Closes what was added, should we fail."""
        self._adding: list[threading.Thread] = []
        self._watched = Watched(shell.process)
        self._watch = Watch(job.platform)
        self._know(job)
        self._stream = Stream(place.output(), _LOG, self._watch.filter("output"))
        self._revoker = Revoker(self._revoke)
        self._code: int | None = None

    def run(self, first: Answer) -> int:
        """From the first answer to the last byte."""
        with (
            contextlib.closing(self._stream),
            Signals(self._revoker.on_signal, lambda: None) as signals,
        ):
            self._shell.answer(first)
            self._watch.get_ready()
            while self._code is None:
                others = [self._place.fileno(), *self._watched.descriptors]
                wait = self._watched.poll_seconds
                ready = turn([self._stream], signals.wake, wait, others)
                if self._place.fileno() in ready:
                    self._serve(signals)
                elif self._watched.ended(ready):
                    self._code = self._close(0, signals, gone=True)
            self._place.close()
            # Of what the shell left behind, still redacted, until the job wants us to end.
            while self._stream.open and not signals.ending:
                turn([self._stream], signals.wake, None)
        return self._code

    def _serve(self, signals: Signals) -> None:
        asked = self._place.asked()
        if asked is None:
            return
        match asked.question:
            case Add():
                thread = threading.Thread(target=self._add, args=(asked, asked.question))
                self._adding.append(thread)
                thread.start()
            case End(code):
                self._code = self._close(code, signals)
                asked.answer(Answer(self._code))

    def _add(self, asked: Asked, wanted: Add) -> None:
        """Open another run beside the others, in a thread: the output goes on meanwhile."""
        answer = Answer(1)
        console = self._jobs[0].console
        try:
            with contextlib.ExitStack() as stack:
                answer = Answer(0, self._opened(wanted, stack))
                self._stack.push(stack.pop_all())
        except CiSecretsError as failure:
            console.error(failure)
            answer = Answer(failure.exit_code)
        finally:
            asked.answer(answer)

    def _opened(self, wanted: Add, stack: contextlib.ExitStack) -> bytes:
        first = self._jobs[0]
        os.chdir(wanted.directory)
        # NOTE: the shell has lost what the first run took the identity from.
        environment = {**self._hidden(), **wanted.environment}
        activation = self._shell.understand(wanted.words, environment)
        clear_reports(activation.reports, first.console)
        job = Job(activation.wanted, environment, first.console)
        stack.enter_context(job.opened())
        values = assignments(*changes_of(job, keep_identity=activation.keep_identity))
        self._know(job)
        self._jobs.append(job)
        self._reports += activation.reports
        return values

    def _know(self, job: Job) -> None:
        job.learners.append(self._watch.add)
        self._watch.add(job.known())  # NOTE: after that, or what is learned in between is lost

    def _hidden(self) -> dict[str, str]:
        first = self._jobs[0]
        names = consumed(first) & first.environment.keys()
        return {name: first.environment[name] for name in names}

    def _revoke(self, reason: Literal["signal"]) -> None:
        for job in self._jobs:
            job.close(reason)

    def _close(self, code: int, signals: Signals, *, gone: bool = False) -> int:
        """The verdict on what was printed so far, and the end of all credentials."""
        self._drain(signals)
        for thread in self._adding:
            thread.join(_ADDING_SECONDS)
        first = self._jobs[0]
        if self._stream.unwritten:
            first.console.warn(f"the shell's output could not be written: {self._stream.unwritten}")
        seen = self._watch.reports()
        if gone:
            first.console.warn(_GONE)
            seen = [_cut_off(report) for report in seen]
        seen += step_files(first.platform, self._watch, first.console)
        seen = as_seen(seen, [entry.name for job in self._jobs for entry in job.credentials])
        # NOTE: where the shell was killed, so may we be.
        interrupted = self._revoker.ended() or gone
        warnings = handed_on(first.platform, self._watch)
        ended = together(
            [
                end(
                    job,
                    seen,
                    child_code=code,
                    unwritten=bool(self._stream.unwritten),
                    interrupted=interrupted,
                    warnings=warnings,
                )
                for job in self._jobs
            ]
        )
        ended = summarised(ended, first.platform)
        tell(ended, first.console)
        unwritten = write_reports(ended, self._reports, first.environment, first.console)
        return ended.exit_code or unwritten

    def _drain(self, signals: Signals) -> None:
        """Pass on what was written so far; the end of file may never come, others hold the pipe.

        A reader that does not read is waited for, but not where the job is being cancelled.
        """
        stream = self._stream
        patience = float("inf")
        stream.count_owed()
        settled = False
        while stream.owes or not settled:
            if not stream.owes:
                settled = True
                stream.settle()
                continue
            if signals.ending:
                patience = min(patience, time.monotonic() + _PATIENCE_SECONDS)
            if time.monotonic() >= patience:
                return
            turn([stream], signals.wake, _PATIENCE_SECONDS)


def _cut_off(report: Report) -> Report:
    """What the CI took of the end nobody knows."""
    states = (Coverage(source=it.source, state="tail-missing") for it in report.coverage)
    return replace(report, coverage=tuple(states))
