"""JWTs to read; nobody here verifies them, so a made-up key signs."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

AUDIENCE = "https://vault.example"


@pytest.fixture
def mint() -> Callable[..., str]:
    """A JWT for `aud` that is valid now; claims add and override, `None` removes."""

    def make(aud: object = AUDIENCE, **claims: Any) -> str:
        now = int(time.time())
        payload = {"iss": "https://issuer.example", "aud": aud, "nbf": now, "exp": now + 300}
        payload |= claims
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, "made-up-key-" * 4, algorithm="HS256")

    return make
