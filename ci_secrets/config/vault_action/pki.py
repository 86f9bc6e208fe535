"""The lines of vault-action's `pki` input: `pki/issue/ROLE {"common_name": "shop.example"} ;`."""

import json
from collections.abc import Iterator
from typing import Final

from ci_secrets.config.model import Field, Jsonata, Missing, SecretRequest, Selector
from ci_secrets.config.names import check_distinct, check_name, normalise
from ci_secrets.config.reference import check_path
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

_PARTS: Final[tuple[tuple[str, Selector, Missing], ...]] = (
    ("cert", Field(keys=("certificate",)), Missing()),
    ("key", Field(keys=("private_key",)), Missing()),
    ("ca", Field(keys=("issuing_ca",)), Missing()),
    ("ca_chain", Jsonata(expression='$join(ca_chain, "\\n")'), Missing(policy="optional")),
)
"""What becomes of one certificate: ending of the name, where it stands, whether it may lack."""


def parse_pki(text: str, store: str) -> tuple[SecretRequest, ...]:
    """The four requests of each line; they are one call. Raises `ConfigError`, naming the line."""
    lines = [line.strip() for line in text.split(";") if line.strip()]
    requests = tuple(request for line in lines for request in _requests(line, store))
    check_distinct(((entry.name, entry.source) for entry in requests), ignore_case=True)
    return requests


def _requests(line: str, store: str) -> Iterator[SecretRequest]:
    words = line.split(maxsplit=1)
    parameters = _parsed(words[1]) if len(words) == 2 else None
    if parameters is None:
        raise ConfigError(
            f"pki, `{foreign(words[0], 120)}`: there is no JSON object after the path.",
            fix='Write `pki/issue/web {"common_name": "shop.example"}`, and `;` between two.',
        )
    path = words[0].strip("/")
    check_path(path)
    for ending, selector, missing in _PARTS:
        output = normalise(f"{path.rpartition('/')[2]}_{ending}")
        check_name(output.upper())
        yield SecretRequest(
            name=output.upper(),
            output_name=output,
            store=store,
            path=path,
            selector=selector,
            payload=parameters,
            missing=missing,
        )


def _parsed(text: str) -> dict[str, object] | None:
    try:
        parameters = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parameters if isinstance(parameters, dict) else None
