"""The page: well-formed, closed to the outside, and unmoved by what others wrote.

How it looks is for eyes: 0, 3 and 300 findings, light and dark, 400 and 1200 pixels wide.
"""

from html.parser import HTMLParser

import pytest
from hypothesis import given

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.formats import Context, render
from ci_secrets.text import foreign
from tests.unit.leaks.formats.samples import (
    CONTEXT,
    FULL,
    HOSTILE,
    REPORTS,
    finding,
    hostile,
    hostile_context,
)

_VOID = frozenset({"meta"})
_TAGS = frozenset(
    (
        *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer"),
        *("h1", "h2", "h3", "p", "ul", "li", "b", "span", "details", "summary", "article", "pre"),
        *("code", "mark"),
    )
)
_ATTRIBUTES = frozenset({"lang", "charset", "name", "content", "http-equiv", "class", "open"})


class Page(HTMLParser):
    """Reads a page strictly: every element is closed by its own end."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shape: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.shape.append((tag, tuple(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the last that began."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        """There are none."""
        raise AssertionError(data)

    @property
    def text(self) -> str:
        """All that is shown, and the style sheet."""
        return "".join(self.words)


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_well_formed_and_loads_nothing(name: str) -> None:
    """Only our elements, no script, no link, no address of anything."""
    text = render("html", REPORTS[name], CONTEXT)
    page = Page(text)
    assert page.open == []
    assert {tag for tag, _ in page.shape} <= _TAGS
    assert {key for _, attributes in page.shape for key, _ in attributes} <= _ATTRIBUTES
    assert "url(" not in text
    assert "@import" not in text
    policy = [dict(attributes).get("content") for tag, attributes in page.shape if tag == "meta"]
    assert any(one and one.startswith("default-src 'none'; style-src") for one in policy)
    assert len(text) < 2_000_000


@given(HOSTILE)
def test_no_foreign_text_becomes_markup(text: str) -> None:
    """Whatever a file, a secret or a line is called, the page has the same elements."""
    plain = Page(render("html", hostile("plain"), hostile_context("plain")))
    page = Page(render("html", hostile(text), hostile_context(text)))
    masks = 2 * foreign(text, 8000).count("***")
    assert page.open == []
    assert [tag for tag, _ in page.shape if tag != "mark"] == [
        tag for tag, _ in plain.shape if tag != "mark"
    ]
    assert len(page.shape) == len(plain.shape) + masks
    assert {it for it in page.shape if it[0] != "meta"} <= {*plain.shape}
    assert foreign(text) in page.text


def test_it_unwraps_from_the_outside_in() -> None:
    """Each form is a box in the one before, with the value as `***` in the innermost."""
    page = render("html", Report(findings=(finding(form=("base64", "json")),)))
    layers = page.partition('<p class="layers">')[2].partition("</p>")[0]
    assert layers == (
        '<span class="layer"><span class="form">base64</span>'
        '<span class="layer"><span class="form">a JSON string</span>'
        "<mark>***</mark></span></span>"
    )


def test_what_stands_in_clear_has_no_layers() -> None:
    """There is nothing to unwrap."""
    assert 'class="layers"' not in render("html", Report(findings=(finding(form=()),)))


def test_it_tells_what_was_revoked() -> None:
    """Where a run is known; a scan alone revokes nothing, and does not speak of it."""
    shown = Page(render("html", FULL, CONTEXT)).text
    assert "What was revoked" in shown
    assert "failed token x at vault" in shown
    assert "What was revoked" not in render("html", FULL, Context())
    nothing = Page(render("html", FULL, Context(endings=()))).text
    assert "nothing to revoke" in nothing


def test_it_tells_what_was_not_seen() -> None:
    """Sources with a defect, values that were not looked for in full, and what is accepted."""
    shown = Page(render("html", FULL)).text
    for said in (
        "x.gz not searched",
        "job log breaks off",
        "PIN not looked for at all: shorter than 6 bytes",
        "rotated (until 2027-01-31)",
    ):
        assert said in shown


def test_a_page_of_many_findings_says_how_many_are_left_out() -> None:
    """A thousand are shown."""
    page = Page(render("html", REPORTS["many"]))
    assert sum(tag == "article" for tag, _ in page.shape) == 1000
    assert "and 1,400 more" in page.text
