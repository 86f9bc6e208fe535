"""Reads the fields of files with a setting on each line: dotenv, INI, TOML, .npmrc, .netrc, …"""

import re
from typing import Final

from ci_secrets.leaks.parts.keys import Says, says
from ci_secrets.leaks.parts.reading import Field, step

# NOTE: `KEY=value`, `export KEY="value"`, `key: value`, `//host/:_authToken=value`, `-Dkey=value`
_ENTRY: Final = re.compile(
    r"""[ \t]*(?:(?:export|set|setx|ENV|declare -x)[ \t]+|\$env:|-D|--)?"""
    r"""["']?(?P<key>[\w./:@$\[\]-]{1,200}?)["']?[ \t]{0,8}(?:=|:(?=[ \t]))[ \t]*(?P<value>\S.*)?"""
)
_SECTION: Final = re.compile(
    r"""[ \t]*\[{1,2}[ \t]*["']?([^\]\n"']{1,100})["']?[ \t]*\]{1,2}[ \t]*"""
)
_COMMENT: Final = re.compile(r"[ \t]*(?:[#;]|$)", re.MULTILINE)
_UNQUOTED_END: Final = re.compile(r"[ \t][#;][ \t]")
_ESCAPE: Final = re.compile(r"""\\([nrt"'\\$])""")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
_ENVIRONMENT: Final = re.compile(r"[A-Z][A-Z0-9_]{2,}")


def read_settings(text: str, _key: str) -> list[Field]:
    """The values of `key = value` and `key: value` lines, quotes and comments taken off.

    A single line counts only where its key is one that settings have, for any text may hold a `=`.
    """
    if text.startswith(("-----BEGIN", "<", "{")):
        return []
    if "\n" not in text and not _is_setting(text):
        return []
    found: list[Field] = []
    section = ""
    at = number = others = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        number += 1
        if title := _SECTION.fullmatch(text, at, end):
            section = step(title[1].strip(), number)
        elif entry := _ENTRY.fullmatch(text, at, end):
            start = max(entry.start("value"), at)
            if entry["value"] and (quoted := _QUOTED.match(text, start)):
                end = max(text.find("\n", quoted.end() - 1), quoted.end())
            if value := _unquoted(text[start:end]) if entry["value"] else "":
                key = entry["key"].rpartition("/:")[2]
                found.append(Field(section + step(key, number), key, value))
        elif not _COMMENT.match(text, at, end):
            others += 1
        at = end + 1
    return found if others <= len(found) else []  # NOTE: prose has a `word: word` line too


def _is_setting(line: str) -> bool:
    entry = _ENTRY.fullmatch(line)
    if not entry or entry["value"] == "=":  # NOTE: `cm9ib3Q6…==` is padded base64
        return False
    key = entry["key"]
    return bool(_ENVIRONMENT.fullmatch(key) or says(key) or "_authToken" in key)


def _unquoted(value: str) -> str:
    value = value.strip()
    if quoted := _QUOTED.match(value):
        inner = quoted[0][1:-1]
        if value[0] == "'":
            return inner
        return _ESCAPE.sub(lambda mark: _ESCAPED.get(mark[1], mark[1]), inner)
    if comment := _UNQUOTED_END.search(value):
        value = value[: comment.start()]
    return value.rstrip().rstrip(",")


# NOTE: `# public key: age1…`, as age-keygen writes it
_COMMENTED: Final = re.compile(r"#[ ]*(?P<key>\w[\w ]{0,40}):[ ](?P<value>.*)")


def setting(line: str) -> tuple[Says, str]:
    """What the name of the setting on a line says of its value, and the value.

    Of YAML and JSON too; nothing and no value for any other line.
    """
    comment = _COMMENTED.fullmatch(line)
    entry = comment or _ENTRY.fullmatch(line.removeprefix("- ").lstrip("# "))
    if not entry or not entry["value"]:
        return "", ""
    return says(entry["key"].rpartition("/:")[2]), _unquoted(entry["value"])


_NETRC: Final = re.compile(r"\b(machine|login|password|account)[ \t\n]+(\S+)")
_PGPASS: Final = re.compile(r"[^:\s]+:(?:\d{1,5}|\*):(?:[^:\s]+:){2}(?P<password>(?:\\.|[^\s\\])+)")


def read_netrc(text: str, _key: str) -> list[Field]:
    """The passwords of `.netrc`."""
    if not re.match(r"\s*(?:machine|default)\s", text):
        return []
    return [
        Field(f".{word}", word if word != "machine" else "host", value)
        for word, value in _NETRC.findall(text)
    ]


def read_pgpass(text: str, _key: str) -> list[Field]:
    """The passwords of `.pgpass`: `host:port:database:user:password` on every line."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    entries = [_PGPASS.fullmatch(line) for line in lines]
    if not all(entries):
        return []
    return [
        Field(f"[{number}].password", "password", re.sub(r"\\(.)", r"\1", entry["password"]))
        for number, entry in enumerate(entries, start=1)
        if entry
    ]


MAX_CELLS: Final = 100
"""Cells of one row that are read."""


def read_rows(text: str, _key: str) -> list[Field]:
    """The lines of a list of addresses (`.git-credentials`), the cells of CSV with known names."""
    lines = text.splitlines()
    if len(lines) > 1 and all("://" in line[:64] for line in lines if line.strip()):
        return [Field(f"[{number}]", "url", line) for number, line in enumerate(lines, start=1)]
    head = _cells(lines[0])
    if len(lines) == 1 or len(head) == 1 or not any(map(says, head)):
        return []
    return [
        Field(f"[{number}]{step(name, at)}", name, cell)
        for number, line in enumerate(lines[1:], start=2)
        for at, (name, cell) in enumerate(zip(head, _cells(line), strict=False), start=1)
        if cell
    ]


def _cells(line: str) -> list[str]:
    return [cell.strip(' "') for cell in line.split(",", MAX_CELLS)]
