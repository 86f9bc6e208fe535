"""`finish`: opens what `exchange` or a killed `exec` left, revokes it with proof, scans the log."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_secrets import audit, platforms, seal, stores
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, NotClosedError, OutputRefusedError, UsageError
from ci_secrets.job import places, state
from ci_secrets.job.closing import NOT_NOTED, delete, summarised, tell, write_reports
from ci_secrets.job.opening import LOGIN_LOST, Wanted, close_all
from ci_secrets.job.reports import clear_reports
from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.leaks.formats import ReportFile
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.scan import scan_paths, scan_stream
from ci_secrets.leaks.sought import Known, as_seen
from ci_secrets.paths import look
from ci_secrets.platforms.interface import OwnLog, Platform
from ci_secrets.response.closings import record
from ci_secrets.response.outcome import Ended, together
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Closing, Outcome, Session
from ci_secrets.text import foreign


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """One `finish`: what it was asked, and where it runs."""

    wanted: Wanted
    log: Path | None
    reports: Sequence[ReportFile]
    environment: Mapping[str, str]
    console: Console
    platform: Platform

    def run(self) -> int:
        """Close everything that this run left open; the exit code of the contract."""
        left = _left_open(self.wanted, self.platform)
        if not left.found:
            self.console.say("nothing was opened by this run", "good")
        ends = [self._closed(found) for found in left.found]
        for place in left.others:
            self.console.say(
                f"{foreign(place)} belongs to another user, who may have a run open: only a "
                "`ci-secrets finish` of that user closes it",
                "warn",
            )
        told = [ended for ended in ends if isinstance(ended, Ended)]
        unwritten = write_reports(together(told), self.reports, self.environment, self.console)
        codes = [ended.exit_code if isinstance(ended, Ended) else ended for ended in ends]
        worst = max(codes, key=lambda code: (code == 11, code == 9, code), default=0)
        return worst or unwritten

    def _closed(self, found: seal.Found) -> Ended | int:
        """How one state ended, or the exit code of what went wrong with it.

        That keeps no other state from its end.
        """
        try:
            return self._close(found)
        except CiSecretsError as failure:
            self.console.error(failure)
            return failure.exit_code

    def _close(self, found: seal.Found) -> Ended:
        if found.tombstone is not None:
            return self._tell_tombstone(found.tombstone)
        try:
            sealed = _open(found, self.platform)
            handed = state.read(sealed.read())
        except CiSecretsError:
            closed = seal.closed_meanwhile(found.path)
            if closed is None:
                raise
            return self._close(closed)  # another `finish` was quicker
        ended = summarised(self._end(handed, sealed), self.platform)
        tell(ended, self.console)
        try:
            if ended.closed:
                sealed.close(state.tombstone(ended))
        except CiSecretsError as failure:
            self.console.warn(f"{NOT_NOTED} {failure.what}")
        return ended

    def _end(self, handed: state.Handed, sealed: seal.SealedState) -> Ended:
        """Revoke, delete, look, record: in this order."""
        closings, sessions = _revoke(handed, self.environment)
        stuck = delete(handed.files)
        try:
            sealed.write({**sealed.read(), "sessions": sessions})
        except CiSecretsError as failure:
            self.console.warn(f"{NOT_NOTED} {failure.what}")
        ended = Ended(
            reports=(_look(handed.known, self.platform, self.log, self.console),),
            closings=tuple(closings),
            leaks=handed.leaks,
            require_proof=handed.require_proof or self.wanted.require_proof,
            stuck=stuck,
        )
        trail = audit.Trail.open(
            handed.audit_file,
            sealed.run,
            key=state.audit_key(self.environment),
            required=handed.audit_required,
            resume=handed.trail,
        )
        verdict = ended.verdict.value
        head, unrecorded = record(trail, closings, closed=ended.closed, verdict=verdict)
        return dataclasses.replace(ended, audit_head=head, unrecorded=unrecorded)

    def _tell_tombstone(self, grave: Mapping[str, Any]) -> Ended:
        coverage = ", ".join(f"{it['source']} {it['state']}" for it in grave.get("coverage", ()))
        verdict = f": verdict {foreign(grave.get('verdict'))} ({foreign(coverage)})"
        self.console.say("already closed" + (verdict if coverage else ""))
        if self.log is not None:
            self.console.say("the log was not scanned: the values are gone", "warn")
        head = str(grave.get("audit-head") or "")
        if head:
            self.console.say(f"audit head: {foreign(head)}", "dim")
        source = "job log" if self.log is None else str(self.log)
        return Ended(reports=(_nothing_seen(source),), audit_head=head)


def _nothing_seen(source: str) -> Report:
    return Report(coverage=(Coverage(source=source, state="none"),))


def finish(
    wanted: Wanted,
    log: Path | None,
    reports: Sequence[ReportFile],
    environment: Mapping[str, str],
    console: Console,
) -> int:
    """Close everything that this run left open; the exit code of the contract."""
    clear_reports(reports, console)
    platform = platforms.detect(environment, wanted.platform, wanted.identity)
    console.annotate = platform.annotate
    return Finish(
        wanted=wanted,
        log=log,
        reports=reports,
        environment=environment,
        console=console,
        platform=platform,
    ).run()


def sealed_values(wanted: Wanted, environment: Mapping[str, str]) -> Known:
    """The values of the run that is open now.

    Raises `UsageError` where none is, `NotClosedError` where we cannot know whether one is.
    """
    platform = platforms.detect(environment, wanted.platform, wanted.identity)
    found = _left_open(wanted, platform).found
    # NOTE: what is closed to us raises, be there others: its values would not be looked for
    left = [it for it in found if it.kind in ("open", "foreign", "changed")]
    if not left:
        raise UsageError(
            "There are no values to look for: no run is open in this job.",
            fix="Run `ci-secrets exchange` before, or give the values as JSON: --known FILE.",
        )
    every: dict[str, Secret] = {}
    asked: frozenset[str] = frozenset()
    for one in left:
        with _open(one, platform) as sealed:
            known = state.read(sealed.read()).known
            every |= known.every
            asked |= known.asked
    return Known(every, asked)


def _open(found: seal.Found, platform: Platform) -> seal.SealedState:
    base = found.path.parent.parent
    return seal.open_state(
        found.path, lambda run: platform.state_key(run, directory=base, create=False)
    )


def _left_open(wanted: Wanted, platform: Platform) -> places.Left:
    """What this run left.

    Raises `UsageError` where it is not clear which of several open runs is meant, and
    `NotClosedError` where something may be open but cannot be looked for.
    """
    run = platform.run()
    base = _base(wanted, platform)
    here = look(base)
    if here.kind == "unseen":
        raise _unseen(base, here.why)
    try:
        left = places.find(base, run)
    except OSError as failure:
        raise _unseen(base, failure.strerror) from None
    running = [it.run.run for it in left.found if it.kind == "open" and it.run]
    if not run.run and len(running) > 1:
        runs = "\n".join(f"  --run-id {foreign(it)}" for it in running)
        raise UsageError("Several runs are open on this machine.", fix=f"Say which:\n{runs}")
    return left


def _base(wanted: Wanted, platform: Platform) -> Path:
    try:
        return places.base(wanted, platform)
    except OutputRefusedError as failure:
        place = wanted.state_dir or platform.state_directory()
        raise _unseen(place, failure.what.rstrip(".")) from None


def _unseen(place: Path, why: str | None) -> NotClosedError:
    return NotClosedError(
        f"What this run left cannot be looked for in {foreign(place)}: {foreign(why)}.",
        cause="Another user made the directory, or the path is not that of the start of the run.",
        fix="Run `ci-secrets finish` as the user who opened the run, with the same --state-dir. "
        "What was opened and is not closed lives until its TTL ends.",
    )


def _revoke(
    handed: state.Handed, environment: Mapping[str, str]
) -> tuple[list[Closing], Mapping[str, Any]]:
    """How each token and lease ended, and the sessions with that noted, for a next `finish`."""
    closings = [_never_answered(name) for name in handed.logins]
    resumed: dict[str, Session] = {}
    for name, handover in handed.sessions.items():
        try:
            resumed[name] = stores.open_store(handed.stores[name], environment).resume(handover)
        except CiSecretsError as failure:
            closings.append(
                Closing(
                    store=name,
                    kind="token",
                    id="?",
                    outcome=Outcome.UNREACHABLE,
                    detail=failure.what,
                )
            )
    closings += close_all(resumed, "end")
    noted = {name: session.handover() for name, session in resumed.items()}
    return closings, {**handed.sessions, **noted}


def _never_answered(store: str) -> Closing:
    return Closing(store=store, kind="token", id="?", outcome=Outcome.UNKNOWN, detail=LOGIN_LOST)


def _own_log(platform: Platform, console: Console) -> OwnLog | None:
    try:
        return platform.own_log()
    except CiSecretsError as failure:
        console.warn(f"The job's own log could not be read: {failure.what}")
        return None


def _missing(log: Path) -> str:
    """Why there is nothing to look at, as the rest of a sentence, or `""`."""
    here = look(log)
    if here.kind == "unseen":
        return f"cannot be looked at ({here.why})"
    return "is not there" if here.kind == "nothing" else ""


def _look(known: Known, platform: Platform, log: Path | None, console: Console) -> Report:
    """Scan the log that was given, else what the platform can show of its own; else nothing."""
    engine = build(known.every)
    if log is not None and (why := _missing(log)):
        console.warn(f"The log {foreign(log)} {why}, so nothing was looked at.")
        return dataclasses.replace(_nothing_seen(str(log)), skipped=engine.skipped)
    if log is not None:
        return as_seen([scan_paths(engine, [str(log)], None)], known.asked)[0]
    own = _own_log(platform, console)
    if own is None:
        return dataclasses.replace(_nothing_seen("job log"), skipped=engine.skipped)
    seen = scan_stream(engine, [own.log], own.source)
    coverage = tuple(Coverage(source=own.source, state=state) for state in own.states)
    return as_seen([dataclasses.replace(seen, coverage=coverage)], known.asked)[0]
