"""When each token and each lease is renewed next, and until when it lives."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ci_secrets.clock import steady
from ci_secrets.stores.interface import Notice

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 600.0
"""Seconds between two rounds: never a busy loop."""
LONGEST_CALL: Final = 20.0
"""Seconds that one call may take, at the most."""
ENOUGH: Final = 0.5
"""A renewal that grants less than this part of what was asked for has met the maximum TTL."""

NEVER: Final = float("inf")


@dataclass(kw_only=True, slots=True)
class Plan:
    """Of one token or lease. Moments are those of `steady`: the wall clock may step."""

    wanted_seconds: int
    """The TTL that it had at first."""
    ends: float = NEVER
    due: float = NEVER
    """The next renewal, or the time to say that there is none."""
    troubled: bool = False
    """Whether it was said that its renewal fails for now."""
    announced: bool = False
    """Whether it was said when it ends, whatever is tried."""

    def trouble(self, text: str) -> list[Notice]:
        """Say once that its renewal fails; again only when it has worked meanwhile."""
        if self.troubled or self.announced:
            return []
        self.troubled = True
        return [Notice(level="warning", text=text)]

    def end(self, text: str) -> list[Notice]:
        """Say once when it ends, and let it."""
        known, self.announced, self.due = self.announced, True, NEVER
        return [] if known else [Notice(level="warning", text=text)]


@dataclass(kw_only=True, slots=True)
class Plans:
    """Of all that is kept alive, by accessor or lease id."""

    clock: Callable[[], float] = steady
    jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.0)  # noqa: S311
    _plans: dict[str, Plan] = field(default_factory=dict)

    def of(self, name: str, since: float, ttl_seconds: int) -> Plan:
        """Its plan, made when it is first asked for; `since` then it has its first TTL."""
        if name not in self._plans:
            self._plans[name] = plan = Plan(wanted_seconds=ttl_seconds)
            self._set(plan, since, ttl_seconds)
        return self._plans[name]

    def granted(self, plan: Plan, ttl_seconds: int) -> None:
        """A renewal has given it a TTL, from now on."""
        self._set(plan, self.clock(), ttl_seconds)

    def hasten(self, plan: Plan, ttl_seconds: int) -> None:
        """Renew it as soon as if its TTL were this one."""
        plan.due = min(plan.due, self.clock() + self._share(ttl_seconds))

    def again(self, plan: Plan) -> bool:
        """Plan another try before the end; whether there is time for one."""
        left = plan.ends - self.clock()
        if left <= SHORTEST_PAUSE:
            plan.due = NEVER
            return False
        plan.due = self.clock() + max(SHORTEST_PAUSE, left / 4)
        return True

    def is_due(self, plan: Plan) -> bool:
        """Whether it is to be renewed now."""
        return plan.due <= self.clock()

    def at_its_end(self, plan: Plan) -> bool:
        """Whether its time is over, or as good as over."""
        return plan.ends <= self.clock() + SHORTEST_PAUSE

    def pause(self) -> float:
        """Seconds until something is due."""
        first = min((plan.due for plan in self._plans.values()), default=NEVER)
        return min(max(first - self.clock(), SHORTEST_PAUSE), LONGEST_PAUSE)

    def patience(self) -> float:
        """Seconds that a call may take: while it hangs nothing else is to end."""
        kept = [plan.ends for plan in self._plans.values() if plan.due != NEVER]
        left = min(kept, default=NEVER) - self.clock()
        return min(max(left / 2, SHORTEST_PAUSE), LONGEST_CALL)

    def shown_end(self, plan: Plan) -> str:
        """Until when it lives, by the wall clock."""
        if plan.ends == NEVER:
            return "no time"
        at = time.time() + plan.ends - self.clock()
        return time.strftime("%H:%M:%S UTC", time.gmtime(at))

    def _set(self, plan: Plan, since: float, ttl_seconds: int) -> None:
        # A TTL of 0 is a token without end.
        plan.ends = since + ttl_seconds if ttl_seconds else NEVER
        plan.due = since + self._share(ttl_seconds) if ttl_seconds else NEVER

    def _share(self, ttl_seconds: int) -> float:
        """The part of a TTL after which it is renewed."""
        return ttl_seconds * 2 / 3 * self.jitter()
