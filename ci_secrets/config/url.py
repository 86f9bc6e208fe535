"""URLs of stores: one narrow spelling, so that no two parsers can disagree about the host."""

import ipaddress
import re
from typing import Final

from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?",
)
_PORTS: Final = {"https": 443, "http": 80}
MAX_LENGTH: Final = 2048


def check_url(url: str) -> None:
    """Refuse what is no plain https URL; http only on loopback. Raises `ConfigError`."""
    match = _match(url)
    if match is None:
        raise ConfigError(
            f"`{_without_user(url)}` is no URL of a store.",
            cause="It has a scheme, a host and perhaps a port and a path; no user, query or `..`.",
            fix="Write it as in https://vault.example:8200 (other scripts as xn--…).",
        )
    if match["scheme"] == "http" and not is_loopback(url):
        raise ConfigError(
            f"`{foreign(url, 120)}` is refused: http is for loopback only.",
            cause="The token and all values would cross the network in clear.",
            fix="Write https://…; a private CA is named by `ca-file:` or --ca-file.",
        )


def origin(url: str) -> str:
    """`scheme://host[:port]` in lower case, without the scheme's own port. Raises `ConfigError`."""
    match = _match(url)
    if match is None:
        check_url(url)
        raise AssertionError
    scheme, host, port = match["scheme"], match["host"].lower(), int(match["port"] or 0)
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def host(url_or_name: str) -> str | None:
    """The host of a URL, or of a bare `host[:port]`, in lower case; `None` where there is none."""
    match = _match(url_or_name) or _match(f"https://{url_or_name}")
    return match["host"].lower() if match else None


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine, told without asking any name server."""
    name = (host(url) or "").strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _match(url: str) -> re.Match[str] | None:
    match = _URL.fullmatch(url) if len(url) <= MAX_LENGTH else None
    if match is None or int(match["port"] or 1) not in range(1, 65536):
        return None
    if any(part in (".", "..") for part in match["path"].split("/")):
        return None
    return match


def _without_user(url: str) -> str:
    # A user and a password may stand before `@`, and values in the query.
    return foreign(re.sub(r"^([^/]*//)?[^/]*@", r"\1…@", url).partition("?")[0], 120)
