"""The HTML report in a real browser: what it makes of the page, whatever others wrote into it.

How the page looks is for eyes; here it is that a browser reads it as our own parser does.
"""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.formats import render
from tests import patience
from tests.unit.leaks.formats.samples import CONTEXT, FULL, REPORTS, finding

BROWSER: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium to look at the page")
EVIL: Final = (
    "<script>document.title='owned'</script>",
    "</code></pre><img src=x onerror=\"document.title='owned'\">",
    "</style><style>*{display:none}</style>",
    '" onmouseover="document.title=\'owned\'" x="',
    "<!-- ",
    "]]>",
    "&lt;b&gt;",
)


def seen(page: str, tmp_path: Path) -> str:
    """Give the document as the browser has it after its scripts, if there were any, have run."""
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000",
            "--dump-dom", file.as_uri(),
        ],
        capture_output=True, check=True, timeout=patience.SECONDS,
    )  # fmt: skip
    return done.stdout.decode()


def elements(page: str) -> list[str]:
    """Give the names of all elements that begin, in their order."""
    return re.findall(r"<([a-z0-9]+)[ >]", page)


@pytest.mark.parametrize("name", ["full", "nothing"])
def test_the_browser_sees_what_was_written(name: str, tmp_path: Path) -> None:
    """It mends nothing: its document has the elements of the page, in their order."""
    page = render("html", REPORTS[name], CONTEXT)
    assert elements(seen(page, tmp_path)) == elements(page)


def test_nothing_foreign_is_an_element_or_runs(tmp_path: Path) -> None:
    """Markup in names of files and secrets, and in lines, is shown and is nothing else."""
    found = [finding(file=text, secret=text, excerpt=text) for text in EVIL]
    plain = [
        replace(it, file="plain", secret=f"P{at}", excerpt="plain") for at, it in enumerate(found)
    ]
    documents = [
        seen(render("html", replace(FULL, findings=tuple(of)), CONTEXT), tmp_path)
        for of in (plain, found)
    ]
    assert elements(documents[0]) == elements(documents[1])
    assert "<title>leaked · ci-secrets</title>" in documents[1]


def test_the_policy_of_the_page_stops_what_it_did_not_bring(tmp_path: Path) -> None:
    """Even if there were a script in the page, the browser would not run it."""
    page = render("html", Report(findings=(finding(),)))
    script = "<script>document.title = 'owned'</script></body>"
    assert "owned</title>" in seen(f"<title>x</title><body>{script}", tmp_path)
    assert "owned</title>" not in seen(page.replace("</body>", script), tmp_path)
