"""Reads the passwords of addresses: URLs, connection strings, queries, cookies, HTTP headers."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, unquote_plus

from ci_secrets.leaks.parts.keys import says
from ci_secrets.leaks.parts.reading import Field, step
from ci_secrets.leaks.parts.words import is_wordy

_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.:-]{0,40})://(?P<rest>\S+)")
_PORT: Final = re.compile(r"[^:]*|\[[^\]]*\]|.*:\d*", re.DOTALL)
_SEGMENT: Final = 16
"""Characters of a part of a path from which it may be the secret of a web hook."""
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def read_url(text: str, _key: str) -> list[Field]:
    """User, password, query and telling parts of the path, decoded and as written."""
    if "://" not in text[:64] or not (url := _URL.fullmatch(text)):
        return []
    userinfo, place = _split(url["rest"])
    path, _, query = place.partition("?")
    query, _, fragment = query.partition("#")
    return [
        *_userinfo(userinfo),
        *_pairs(re.split("[&;]", query)),
        *_pairs(fragment.split("&")),
        *(
            Field(".path", "", segment)
            for segment in path.split("/")[1:]
            if len(segment) >= _SEGMENT and not is_wordy(segment) and not _UUID.fullmatch(segment)
        ),
    ]


def _split(rest: str) -> tuple[str, str]:
    """What stands before the `@`, and what after; a password may hold `/`, `?` and `#` raw."""
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        at = authority.rindex("@")
    elif "@" in rest and not _PORT.fullmatch(authority):
        at = rest.rindex("@")
    else:
        return "", rest
    return rest[:at], rest[at + 1 :]


def _userinfo(userinfo: str) -> Iterator[Field]:
    user, _, password = userinfo.partition(":")
    if not userinfo:
        return
    # NOTE: a token may stand here alone, or before words that say whose it is
    login = "url" if is_wordy(password) or not password else "username"
    yield from _decoded(".username", login, user)
    yield from _decoded(".password", "password", password)
    yield Field(".userinfo", "url", userinfo)


def _decoded(place: str, key: str, text: str, *, plus: bool = False) -> Iterator[Field]:
    meant = (unquote_plus if plus else unquote)(text)
    if meant:
        yield Field(place, key, meant)
    if text and text != meant:
        yield Field(place, key, text)


def _pairs(pairs: list[str]) -> Iterator[Field]:
    for number, pair in enumerate(pairs, start=1):
        key, _, value = pair.partition("=")
        yield from _decoded(step(key, number), key, value, plus=True)


MAX_CONNECTION: Final = 8 * 1024
"""Characters of a connection string or cookie that is read."""
_QUERY: Final = re.compile(r"[\w.%-]{1,60}=[^&\s]*(?:&[\w.%-]{1,60}=[^&\s]*)+")
_MYSQL: Final = re.compile(
    r"(?P<user>[^:@/\s]*):(?P<password>\S+)@(?:tcp|unix|udp)\d?\([^()\s]*\)\S*"
)
_SEMICOLONS: Final = re.compile(
    r"""[ ]*(?P<key>[A-Za-z][\w .-]{0,60}?)[ ]*="""
    r"""[ ]*(?P<value>"(?:[^"]|"")*"|'(?:[^']|'')*'|\{[^}]*\}|[^;]*)(?:;|$)"""
)
_SPACES: Final = re.compile(
    r"""(?:^|(?<=\s))(?:--?D?)?(?P<key>[A-Za-z][\w.-]{0,60})[ ]?="""
    r"""[ ]?(?P<value>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)"""
)


def read_connection(text: str, _key: str) -> list[Field]:
    """The values of a connection string, whatever stands between its `key=value` pairs.

    `Server=…;Password=…`, cookies, `host=… password='…'`, `sv=…&sig=…`, `user:password@tcp(…)/db`,
    `-Dkey=value` and `--key=value`. Counts only where the keys are known.
    """
    if "\n" in text or len(text) > MAX_CONNECTION:
        return []
    if mysql := _MYSQL.fullmatch(text):
        return [Field(".password", "password", mysql["password"])]
    if "=" not in text:
        return []
    if _QUERY.fullmatch(text):
        found, sure = list(_pairs(text.split("&"))), 1
    else:
        pattern = _SEMICOLONS if ";" in text else _SPACES
        sure = 1 if text.startswith("-") else 2  # NOTE: one `=` may stand in any text
        found = [
            Field(step(pair["key"], number), pair["key"], _unquoted(pair["value"]))
            for number, pair in enumerate(pattern.finditer(text), start=1)
        ]
    return found if sum(bool(says(field.key)) for field in found) >= sure else []


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] + value[-1] in ('""', "''", "{}"):
        inner = value[1:-1]
        return re.sub(r"\\(.)", r"\1", inner.replace(value[-1] * 2, value[-1]))
    return value


_JWT: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.(?P<signature>[\w-]+)", re.ASCII)


def read_jwt(text: str, _key: str) -> list[Field]:
    """The signature of a JSON Web Token, without which it opens nothing."""
    token = _JWT.fullmatch(text)
    return [Field(".signature", "signature", token["signature"])] if token else []


_SCHEME: Final = re.compile(
    r"(?:[\w-]{1,60}:[ \t]*)?(?:Bearer|Basic|Token|ApiKey|GenieKey|Bot|SSWS)[ \t]+(?P<token>\S+)",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(r"(?P<name>[A-Za-z][\w-]{0,60}):[ \t]+(?P<value>\S.*)")
_LOGIN: Final = re.compile(r"(?P<user>[A-Za-z_][^\s:/]{0,127}):(?P<password>[^\s/]\S*|/[^\s/]\S*)")
_BYTE: Final = 2
_AUTH: Final = re.compile(r"auth|basic|credential", re.IGNORECASE)


def read_header(text: str, _key: str) -> list[Field]:
    """The token of `Authorization: Bearer …`, and the value of another header that is known."""
    if "\n" in text:
        return []
    if scheme := _SCHEME.fullmatch(text):
        return [Field(".token", "authorization", scheme["token"])]
    header = _HEADER.fullmatch(text)
    if header and says(header["name"]):
        return [Field(step(header["name"], 1), header["name"], header["value"])]
    return []


def read_login(text: str, key: str) -> list[Field]:
    """The password of `user:password`, above all below a key such as `auth`."""
    login = _LOGIN.fullmatch(text)
    if not login:
        return []
    if _AUTH.search(key):
        return [Field(".password", "password", login["password"])]
    # NOTE: not the first byte of `d0:7a:6b:…`
    return [Field(".password", "url", login["password"])] if len(login["user"]) > _BYTE else []
