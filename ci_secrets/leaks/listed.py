"""Which findings of a text are listed, where there are more than anybody reads."""

from copy import copy
from typing import Final

from ci_secrets.leaks.findings import Skipped

MAX_FINDINGS: Final = 10_000
"""Findings of one text that are listed as they come; everything is redacted however much it is."""
MAX_UNLIKE: Final = 100
"""Findings of one value that are listed beyond these: each unlike all that are listed by then."""


class Listed:
    """Asked for each finding in turn. What it remembers does not grow with the text."""

    def __init__(self) -> None:
        self.others: set[str] = set()
        """Owners with findings that are not listed."""
        self.unlike = False
        """Whether one of these is like none that is listed: nobody can know of it, or accept it."""
        self._count = 0
        self._kinds: set[tuple[str, ...]] = set()
        self._beyond: dict[str, int] = {}

    def __deepcopy__(self, _memo: object) -> "Listed":
        """The same without a look at each kind, for one is made wherever a stream pauses."""
        other = Listed()
        vars(other).update((name, copy(value)) for name, value in vars(self).items())
        return other

    def takes(self, owner: str, kind: tuple[str, ...]) -> bool:
        """Whether the next one is listed, which belongs to a value and is like others of a kind."""
        known, beyond = kind in self._kinds, self._beyond.get(owner, 0)
        if self._count < MAX_FINDINGS:
            self._count += 1
        elif known or beyond >= MAX_UNLIKE:
            self.others.add(owner)
            self.unlike |= not known
            return False
        else:
            self._beyond[owner] = beyond + 1
        self._kinds.add(kind)
        return True

    def note(self, file: str) -> tuple[Skipped, ...]:
        """What a report says of those that are not listed."""
        reason = f"it stands in {file} more often than can be listed; all of {file} was searched"
        return tuple(
            Skipped(secret=owner, reason=reason, extent="listed in every place")
            for owner in sorted(self.others)
        )
