"""Foreign text must not drive a terminal, a runner or a web page."""

import html.parser
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ci_secrets import text

HOSTILE = [
    "main\n::stop-commands::stolen",
    "main\r::add-mask::x",
    "::error::owned",
    "  \t::set-output name=x::y",
    "\xa0::warning::after a no-break space",
    "\ufeff::error::after a byte order mark",
    "\u2028::error::after a line separator",
    "ok ##[error]owned",
    "###[group]owned",
    "##vso[task.setvariable variable=PATH]/evil",
    "##VSO[task.complete]",
    "##\ufe0fvso[task.complete]",
    "##\xadvso[task.complete]",
    "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31mred",
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "admin\u202etxt.exe",
    "a\u200bb\u061cc\u2066d\u180ee",
    "\ud800 half a pair",
    "\U000e0041\U000e0001 tags",
    "[click](https://evil.example) @everyone #1 `code` **bold** | cell",
    "\\<b>\\&amp;",
    "x" * 10_000,
]

anything = st.one_of(st.text(), st.text(alphabet=": #[]vso\n\r\t\x1b\\<&\xa0\u200b\ufe0f"))


def test_the_readable_part_stays_readable() -> None:
    """What is printable passes as it is, in any script."""
    assert text.foreign("größe/日本語 v1.2 (ok)") == "größe/日本語 v1.2 (ok)"


def test_bytes_are_shown_as_far_as_they_are_text() -> None:
    """Bytes that are not UTF-8 do not raise."""
    assert text.foreign(b"a\xffb\n") == "a\ufffdb\\x0a"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("main\n::stop-commands::t", "main\\x0a::stop-commands::t"),
        (" ::error::x", " :\\:error::x"),
        ("a ##[error]x", "a #\\#[error]x"),
        ("##VSO[x]", "#\\#VSO[x]"),
        ("a\u202eb", "a\\u202eb"),
        ("\U000e0041", "\\U000e0041"),
        ("\xa0", "\\xa0"),
    ],
)
def test_what_is_broken_can_still_be_recognised(raw: str, shown: str) -> None:
    """People see what stood there, by escapes."""
    assert text.foreign(raw) == shown


@given(anything, st.integers(1, 400))
@example("##\ufe0f[x]", 300)
@example("\u3164::x::", 300)
def test_foreign_text_is_one_printable_line_that_nobody_obeys(raw: str, cap: int) -> None:
    """Whatever comes in, the line is printable, capped, and starts no command in any runner."""
    assert_harmless(text.foreign(raw, cap), cap)


@pytest.mark.parametrize("raw", HOSTILE)
def test_known_attacks_become_one_harmless_line(raw: str) -> None:
    """The list of attacks that this tool is tested with everywhere."""
    assert_harmless(text.foreign(raw), text.CAP)


def assert_harmless(line: str, cap: int) -> None:
    """The line is printable, short enough, and no command to anybody."""
    assert line.isprintable()
    assert len(line) <= cap
    # GitHub trims white space before it looks for `::`, and finds `##[` anywhere.
    assert not line.strip().startswith("::")
    # Searches of .NET's cultures do not see invisible characters.
    visible = re.sub(r"[\u034f\u115f\u1160\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]", "", line)
    assert "##[" not in visible
    assert "##vso[" not in visible.lower()


@given(anything)
@example("\\<")
@example("<&>")
def test_markdown_shows_the_foreign_line_and_nothing_else(raw: str) -> None:
    """Every ASCII punctuation mark is escaped, so that unescaping gives the line back."""
    shown = text.markdown(raw)
    back = re.sub(r"\\([!-/:-@\[-`{-~])|&(lt|gt|amp);", _unescaped, shown)
    assert back == text.foreign(raw)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|~@!$]", re.sub(r"&(lt|gt|amp);", "", shown))


def _unescaped(found: re.Match[str]) -> str:
    return found[1] or {"lt": "<", "gt": ">", "amp": "&"}[found[2]]


@given(anything, st.sampled_from(["<p>{}</p>", '<p title="{}">x</p>', "<p title='{}'>x</p>"]))
@example("<img src=x onerror=alert(1)>", "<p>{}</p>")
@example('"><script>alert(1)</script>', '<p title="{}">x</p>')
def test_html_adds_no_tag_and_no_attribute(raw: str, page: str) -> None:
    """In content and in quoted attributes alike."""

    class Tags(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, [name for name, _ in attrs]))

    seen: list[tuple[str, list[str]]] = []
    parser = Tags()
    parser.feed(page.format(text.html(raw)))
    parser.close()
    assert seen == [("p", ["title"] if "title" in page else [])]
