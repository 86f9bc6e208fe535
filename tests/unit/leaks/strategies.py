"""Values and texts for the tests of the leak engine; nothing here is a real secret."""

import re
import string
from collections.abc import Iterator, Mapping

from hypothesis import strategies as st

from ci_secrets.leaks.forms.stop import is_stop_value
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.secret import Secret

TOKENS = st.text(string.ascii_letters + string.digits + "_-", min_size=12, max_size=40).filter(
    lambda text: len(set(text)) > 4 and any(map(str.isdigit, text))
)
"""What stores hand out."""
AWKWARD = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "\"'\\/&<>+%$ é#€\t"),
    min_size=8,
    max_size=30,
).filter(lambda text: len(set(text)) > 4 and len(text.strip().encode()) >= 8)
"""Passwords with every character that some encoding treats in its own way."""
VALUES = st.one_of(TOKENS, AWKWARD).filter(lambda text: not is_stop_value(text.strip().encode()))
NEIGHBOURS = st.binary(max_size=12)


def engine_of(values: Mapping[str, str | bytes]) -> Engine:
    """An engine that knows these values by name."""
    return build({name: Secret(value) for name, value in values.items()})


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The data in pieces of these sizes, over and over, to its end."""
    at = turn = 0
    while at < len(data):
        size = max(1, sizes[turn % len(sizes)]) if sizes else len(data)
        yield data[at : at + size]
        at += size
        turn += 1


MARKS = re.compile(rb"\*\*\*|\0?\*\0\*\0\*\0?|\*\0{3}\*\0{3}\*")
"""What is written for a value, in the charset of the text."""
