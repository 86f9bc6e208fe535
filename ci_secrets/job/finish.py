"""`finish`: opens what `exchange` or a killed `exec` left, revokes it with proof, scans the log."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_secrets import audit, platforms, seal, stores
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, NotClosedError, UsageError
from ci_secrets.job import state
from ci_secrets.job.closing import NOT_NOTED, delete, tell, write_report
from ci_secrets.job.opening import Wanted
from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.scan import scan_paths, scan_stream
from ci_secrets.platforms.interface import OwnLog, Platform
from ci_secrets.response.closings import record, sign_off
from ci_secrets.response.outcome import Ended
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Closing, Outcome
from ci_secrets.text import foreign


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """One `finish`: what it was asked, and where it runs."""

    wanted: Wanted
    log: Path | None
    report_file: Path | None
    environment: Mapping[str, str]
    console: Console
    platform: Platform

    def run(self) -> int:
        """Close everything that this run left open; the exit code of the contract."""
        left = _left_open(self.wanted, self.platform)
        if left is None:
            self.console.say("nothing was opened by this run", "good")
            return 0
        codes = [self._closed(found) for found in left]
        return max(codes, key=lambda code: (code == 11, code == 9, code))

    def _closed(self, found: seal.Found) -> int:
        """The exit code for one state; what goes wrong with it keeps no other from its end."""
        try:
            return self._close(found)
        except CiSecretsError as failure:
            self.console.error(failure)
            return failure.exit_code

    def _close(self, found: seal.Found) -> int:
        if found.tombstone is not None:
            return self._tell_tombstone(found.tombstone)
        try:
            sealed = seal.open_state(found.path, self.platform.state_key(create=False))
            handed = state.read(sealed.read())
        except CiSecretsError as failure:
            closed = seal.closed_meanwhile(found.path)
            if closed is not None:  # by another `finish`, which was quicker
                return self._close(closed)
            self.console.error(failure)
            return NotClosedError.exit_code
        ended = self._end(handed, sealed)
        tell(ended, self.platform, self.console)
        try:
            if ended.closed:
                sealed.close(state.tombstone(ended))
        except CiSecretsError as failure:
            self.console.warn(f"{NOT_NOTED} {failure.what}")
        write_report(ended, self.report_file, self.console)
        return ended.exit_code

    def _end(self, handed: state.Handed, sealed: seal.SealedState) -> Ended:
        """Revoke, delete, look, record: in this order."""
        closings, sessions = _revoke(handed, self.environment)
        stuck = delete(handed.files)
        try:
            sealed.write({**sealed.read(), "sessions": sessions})
        except CiSecretsError as failure:
            self.console.warn(f"{NOT_NOTED} {failure.what}")
        report = _look(handed.known, self.platform, self.log, self.console)
        trail = audit.Trail.open(
            handed.audit_file,
            sealed.run,
            key=state.audit_key(self.environment),
            required=handed.audit_required,
            resume=handed.trail,
        )
        record(trail, closings)
        ended = Ended(
            reports=(report,),
            closings=tuple(closings),
            leaks=handed.leaks,
            require_proof=handed.require_proof or self.wanted.require_proof,
            stuck=stuck,
        )
        head = sign_off(trail, closed=ended.closed, verdict=ended.verdict.value)
        return dataclasses.replace(ended, audit_head=head)

    def _tell_tombstone(self, grave: Mapping[str, Any]) -> int:
        coverage = ", ".join(f"{it['source']} {it['state']}" for it in grave.get("coverage", ()))
        self.console.say(
            "already closed"
            + (
                f": verdict {foreign(grave.get('verdict'))} ({foreign(coverage)})"
                if coverage
                else ""
            )
        )
        if self.log is not None:
            self.console.say("the log was not scanned: the values are gone", "warn")
        if grave.get("audit-head"):
            self.console.say(f"audit head: {foreign(grave['audit-head'])}", "dim")
        return 0


def finish(
    wanted: Wanted,
    log: Path | None,
    report_file: Path | None,
    environment: Mapping[str, str],
    console: Console,
) -> int:
    """Close everything that this run left open; the exit code of the contract."""
    platform = platforms.detect(environment, wanted.platform, wanted.identity)
    console.annotate = platform.annotate
    if log is not None and not log.exists():
        raise UsageError(f"The log {foreign(log)} is not there.", fix="Name a file: --log FILE.")
    return Finish(
        wanted=wanted,
        log=log,
        report_file=report_file,
        environment=environment,
        console=console,
        platform=platform,
    ).run()


def sealed_values(wanted: Wanted, environment: Mapping[str, str]) -> Mapping[str, Secret]:
    """The values of the run that is open now. Raises `UsageError` where none is."""
    platform = platforms.detect(environment, wanted.platform, wanted.identity)
    left = [it for it in _left_open(wanted, platform) or () if it.kind == "open"]
    if not left:
        raise UsageError(
            "There are no values to look for: no run is open in this job.",
            fix="Run `ci-secrets exchange` before, or give the values as JSON: --known FILE.",
        )
    values: dict[str, Secret] = {}
    for found in left:
        with seal.open_state(found.path, platform.state_key(create=False)) as sealed:
            values |= state.read(sealed.read()).known
    return values


def _left_open(wanted: Wanted, platform: Platform) -> Sequence[seal.Found] | None:
    """What this run left; `None` where it opened nothing.

    Raises where the state is gone, or where it is not clear which run is meant.
    """
    run = platform.run()
    base = wanted.state_dir or platform.state_directory()
    if not (state.directory(base, run) if run.run else base).is_dir():
        return None
    found = state.find(base, run)
    if not found:
        raise NotClosedError(
            "The state of this run is gone: its directory is there, but no state and no tombstone.",
            cause="Something deleted it, or the disk lost it.",
            fix="What was handed out lives until its TTL ends; an operator finds it in the store's "
            "audit log by the run's identity.",
        )
    if not run.run and len(found) > 1:
        runs = "\n".join(f"  --run-id {foreign(it.run.run if it.run else '?')}" for it in found)
        raise UsageError("Several runs are open on this machine.", fix=f"Say which:\n{runs}")
    return found


def _revoke(
    handed: state.Handed, environment: Mapping[str, str]
) -> tuple[list[Closing], Mapping[str, Any]]:
    """How each token and lease ended, and the sessions with that noted, for a next `finish`."""
    closings: list[Closing] = []
    sessions = dict(handed.sessions)
    for name, handover in handed.sessions.items():
        try:
            session = stores.open_store(handed.stores[name], environment).resume(handover)
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
        else:
            closings += session.close("end")
            sessions[name] = session.handover()
    return closings, sessions


def _own_log(platform: Platform, console: Console) -> OwnLog | None:
    try:
        return platform.own_log()
    except CiSecretsError as failure:
        console.warn(f"The job's own log could not be read: {failure.what}")
        return None


def _look(
    known: Mapping[str, Secret], platform: Platform, log: Path | None, console: Console
) -> Report:
    """Scan the log that was given, else what the platform can show of its own; else nothing."""
    engine = build(known)
    if log is not None:
        return scan_paths(engine, [str(log)], None)
    own = _own_log(platform, console)
    if own is None:
        return Report(coverage=(Coverage(source="job log", state="none"),), skipped=engine.skipped)
    seen = scan_stream(engine, [own.log], own.source)
    coverage = tuple(Coverage(source=own.source, state=state) for state in own.states)
    return dataclasses.replace(seen, coverage=coverage)
