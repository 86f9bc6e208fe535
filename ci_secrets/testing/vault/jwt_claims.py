"""What a role of the `jwt` method demands of a JWT's claims, in Vault's words.

Sources: hashicorp/cap `jwt/jwt.go` (v0.11), vault-plugin-auth-jwt `claims.go` (v0.25).
"""

import re
from typing import Any, Final

from ci_secrets.testing.vault.wire import Json, Refusal, key_list, seconds, texts

_FAILED: Final = "error validating token"
_CLOCK_LEEWAY: Final = 60
"""Seconds that clocks may differ."""
_VALIDITY_LEEWAY: Final = 150
"""Seconds of validity where a JWT does not say when it begins or ends."""


def check_role(role: Json) -> None:
    """Raise a 400 for bound claims that no JWT can fit."""
    kind = role.get("bound_claims_type", "string")
    if kind not in ("string", "glob"):
        raise Refusal(400, f"invalid 'bound_claims_type': {kind}")
    if kind == "glob":
        for expected in (role.get("bound_claims") or {}).values():
            for value in _listed(expected):
                if not isinstance(value, str):
                    raise Refusal(400, f"claim is not a string: {value}")


def check_claims(claims: Json, role: Json, now: float) -> None:
    """The registered claims: subject, audience, times. Raises a 400."""
    audiences = key_list(claims.get("aud"))
    allowed = texts(role.get("bound_audiences"))
    if audiences and not allowed:
        raise Refusal(400, "audience claim found in JWT but no audiences bound to the role")
    subject = role.get("bound_subject")
    if subject and claims.get("sub") != subject:
        raise Refusal(400, f"{_FAILED}: invalid subject (sub) claim")
    if allowed and not set(audiences) & set(allowed):
        words = "audience claim does not match any expected audience"
        raise Refusal(400, f"{_FAILED}: invalid audience (aud) claim: {words}")
    _check_times(claims, role, now)


def _check_times(claims: Json, role: Json, now: float) -> None:
    """A JWT needs one of iat, nbf and exp; what is missing follows from the others."""
    issued, start, end = (float(claims.get(name) or 0) for name in ("iat", "nbf", "exp"))
    if not (issued or start or end):
        words = "no issued at (iat), not before (nbf), or expiration time (exp) claims in token"
        raise Refusal(400, f"{_FAILED}: {words}")
    if not end:
        end = max(issued, start) + _leeway(role, "expiration_leeway", _VALIDITY_LEEWAY)
    if not start:
        start = issued or end - _leeway(role, "not_before_leeway", _VALIDITY_LEEWAY)
    skew = _leeway(role, "clock_skew_leeway", _CLOCK_LEEWAY)
    if now + skew < start:
        raise Refusal(400, f"{_FAILED}: invalid not before (nbf) claim: token not yet valid")
    if now - skew > end:
        raise Refusal(400, f"{_FAILED}: invalid expiration time (exp) claim: token is expired")
    if now + skew < issued:
        raise Refusal(400, f"{_FAILED}: invalid issued at (iat) claim: token issued in the future")


def _leeway(role: Json, name: str, default: int) -> int:
    """Seconds; a negative setting means none, 0 the default."""
    return max(0, seconds(role.get(name)) or default)


def check_bound_claims(claims: Json, role: Json) -> None:
    """Every bound claim must be there, with one of its values. Raises a 400."""
    glob = role.get("bound_claims_type") == "glob"
    for name, expected in (role.get("bound_claims") or {}).items():
        value = _claim(claims, name)
        if value is None:
            raise Refusal(400, f'error validating claims: claim "{name}" is missing')
        if not any(_fits(v, want, glob=glob) for v in _listed(value) for want in _listed(expected)):
            words = f'claim "{name}" does not match any associated bound claim values'
            raise Refusal(400, f"error validating claims: {words}")


def mapped(claims: Json, role: Json) -> dict[str, str]:
    """Token metadata out of `claim_mappings`."""
    mappings = role.get("claim_mappings") or {}
    found = {target: _claim(claims, source) for source, target in mappings.items()}
    return {target: value for target, value in found.items() if isinstance(value, str)}


def _claim(claims: Json, name: str) -> object:
    """A claim by its name, or by a JSON pointer."""
    if not name.startswith("/"):
        return claims.get(name)
    value: Any = claims
    for step in name[1:].split("/"):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fits(value: object, wanted: object, *, glob: bool) -> bool:
    """Same type, same value; a glob's `*` crosses `/` and `:`."""
    if glob and isinstance(value, str) and isinstance(wanted, str):
        pattern = ".*".join(re.escape(part) for part in wanted.split("*"))
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    return type(value) is type(wanted) and value == wanted
