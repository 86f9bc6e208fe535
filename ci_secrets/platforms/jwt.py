"""Reads a JWT without verifying it: to explain what is wrong before it is sent anywhere.

The store verifies; we have no keys. PyJWT is the one decoder for all paths: beside `cryptography`,
which sealing the state loads anyway, it costs 20 ms, and the audit trail wants the claims of every
run, so that a second decoder for the checks alone would save nothing there.
"""

import math
import time
from dataclasses import dataclass
from typing import Final

from ci_secrets.errors import IdentityError
from ci_secrets.lazy import deferred
from ci_secrets.platforms.interface import IdToken
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

LEEWAY_SECONDS: Final = 60
"""Clocks may differ by this much; Vault's own default for the clock. Source: Vault docs, jwt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What to change on this platform, with the YAML, when a JWT cannot be used."""

    expired: str
    audience: str
    shape: str = "Give the token itself: three parts with dots between, and nothing around them."


def read(
    token: Secret, audience: str, *, came_from: str, shown: tuple[str, ...], advice: Advice
) -> IdToken:
    """The token with its claims, of the right audience and time.

    Raises `IdentityError`, without anything of the token but its audiences and times.
    """
    claims = decode(token)
    if claims is None:
        raise IdentityError(
            f"What {came_from} holds is not a JWT.",
            cause="It is empty, cut off, or something else." if token else "It is empty.",
            fix=advice.shape,
        )
    _check_times(claims, came_from, advice)
    if audience and audience not in audiences(claims):
        had = ", ".join(foreign(name) for name in audiences(claims)) or "none"
        raise IdentityError(
            f"The ID token of {came_from} is for another audience: {had}.",
            cause=f"The store is to be logged in to with audience {foreign(audience)}, and a "
            "token is sent nowhere but to its own audience.",
            fix=advice.audience,
        )
    return IdToken(token=token, claims=claims, came_from=came_from, shown=shown)


def decode(token: Secret) -> dict[str, object] | None:
    """The claims, not verified; `None` for anything that is no JWT."""
    # NOTE: certificates are half of what PyJWT costs to import, and no key of one is read here.
    with deferred({"cryptography.x509": {}}):
        import jwt

    try:
        claims: dict[str, object] = jwt.decode(token.reveal(), options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None
    return claims


def audiences(claims: dict[str, object]) -> tuple[str, ...]:
    """The `aud` claim, which is a text or a list of texts."""
    found = claims.get("aud")
    several = found if isinstance(found, list) else [found]
    return tuple(name for name in several if isinstance(name, str))


def _check_times(claims: dict[str, object], came_from: str, advice: Advice) -> None:
    now = time.time()
    expires = _moment(claims, "exp", came_from, advice)
    if expires is not None and expires + LEEWAY_SECONDS < now:
        raise IdentityError(
            f"The ID token of {came_from} expired {_span(now - expires)} ago.",
            cause="It outlived its time, or the clock of this machine is ahead.",
            fix=advice.expired,
        )
    starts = _moment(claims, "nbf", came_from, advice)
    if starts is not None and starts - LEEWAY_SECONDS > now:
        raise IdentityError(
            f"The ID token of {came_from} is not valid before another {_span(starts - now)}.",
            cause="The clock of this machine is behind the issuer's, or the issuer's is ahead.",
            fix="Set the clock of this machine (NTP), then run the job again.",
        )


def _moment(claims: dict[str, object], name: str, came_from: str, advice: Advice) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            moment = float(value)
        except OverflowError:
            moment = math.inf
        if math.isfinite(moment):
            return moment
    raise IdentityError(
        f"The `{name}` of the ID token of {came_from} is no point in time.", fix=advice.shape
    )


def _span(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
