"""What is never looked for, because it stands in every log."""

import re
from typing import Final

STOP: Final = frozenset(
    b"true false null none nil undefined yes no on off enabled disabled default unknown example "
    b"test testing secret secrets password passwd passphrase token username admin administrator "
    b"root user guest changeme change-me localhost 127.0.0.1 0.0.0.0 production staging "
    b"development release master main latest public private internal string number boolean "
    b"object value postgres postgresql mysql mariadb mongodb redis sqlite github gitlab jenkins "
    b"docker kubernetes service_account us-east-1 eu-west-1 123456".split()
)
"""Whole values, in lower case."""

_ARMOUR: Final = re.compile(rb"-----(BEGIN|END) [^\r\n]*-----|-+\s*(BEGIN|END)\s.*")
_RULER: Final = re.compile(rb"([^0-9A-Za-z\x80-\xff])\1*", re.DOTALL)
# NOTE: a word or a usual number, not a piece of a key: `apiVersion`, `HTTP`, `oauth2`, `6443`.
_WORD: Final = re.compile(rb"[A-Z]?[a-z]+([A-Z][a-z]+)*\d{0,3}|[A-Z]+\d{0,3}|\d{1,4}|.{1,3}")
_TOKEN: Final = re.compile(rb"[0-9A-Za-z]+")
_ORDINARY: Final = re.compile(rb"[0-9A-Za-z\s:/.,_\"'{}\[\]()=<>#@-]*")
# NOTE: `key: value`, `"key": value`, `- key:`, `KEY=value`, `[section]`, `# comment`, brackets
_ENTRY: Final = re.compile(rb"[\s-]*[\"']?[\w.-]+[\"']?\s*(:(\s|$)|=).*|[\[#].*|[\s{}\[\](),:]*")


def is_stop_value(value: bytes) -> bool:
    """Whether a whole value is a common word, armour, or one punctuation mark repeated."""
    return bool(value.lower() in STOP or _ARMOUR.fullmatch(value) or _RULER.fullmatch(value))


def is_armour(line: bytes) -> bool:
    """Whether a line is the first or last of a PEM block, which every such block shares."""
    return _ARMOUR.fullmatch(line) is not None


def is_plain_setting(line: bytes) -> bool:
    """Whether a line is an entry of a settings file that holds only words and usual numbers.

    Such lines of a structured value (`apiVersion: v1`, `"type": "service_account",`) are no
    secret and stand in many logs.
    """
    if not (_ENTRY.fullmatch(line) and _ORDINARY.fullmatch(line)):
        return False
    return all(_WORD.fullmatch(token) for token in _TOKEN.findall(line))
