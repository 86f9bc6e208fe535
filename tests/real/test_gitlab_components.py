"""The components are valid, hold together with the command line, and are what their page says."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ci_secrets import __version__
from ci_secrets.cli.options import OPTIONS, variable
from tests.real.conftest import missing
from tests.real.gitlab import COMPONENTS, documents, find_gitlab
from tests.real.recipes import ROOT, blocks
from tests.real.test_gitlab_door import FOUR_LINES, PAGE

TEMPLATES = sorted((COMPONENTS / "templates").glob("*.yml"))
PIPELINES = {
    f"{page}-{number}": text
    for page in ("README.md", "docs/gitlab.md", PAGE)
    for number, text in enumerate(blocks(page, "yaml"))
    if "script:" in text
}
"""Page and number of its block → each .gitlab-ci.yml that we show."""
OF_THE_COMPONENT = {"job", "stage", "paths"}
"""Inputs that are no options: names in the pipeline, and what `scan` takes as its arguments."""
OF_THE_INSTALLATION = {"install", "image", "wheel", "uv-url", "uv-sha256"}
"""Inputs that are of no use once the tool is there."""

Template = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(params=TEMPLATES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """Give each template."""
    return Path(request.param)


@pytest.fixture
def template(path: Path) -> Template:
    """Give the inputs of a template, and its jobs."""
    header, jobs = documents(path.read_text())
    return header["spec"]["inputs"], jobs


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """Give GitLab's own schema of .gitlab-ci.yml."""
    found = find_gitlab()
    if found is None:
        missing("GitLab's schema")
    vendored = found / "python" / "check_jsonschema" / "builtin_schemas" / "vendor"
    return jsonschema.Draft7Validator(json.loads((vendored / "gitlab-ci.json").read_text()))


def test_there_are_templates() -> None:
    """The tests below have something to look at."""
    assert {path.stem for path in TEMPLATES} >= {"exchange", "scan", "verify"}
    assert len(PIPELINES) >= 9


def test_the_schema_finds_mistakes(schema: jsonschema.Draft7Validator) -> None:
    """A misspelt keyword is one, and an ID token for nobody."""
    assert not schema.is_valid({"deploy": {"script": "x", "id_token": {}}})
    assert not schema.is_valid({"deploy": {"script": "x", "id_tokens": {"A": {}}}})
    assert not schema.is_valid({"spec": {"inputs": {"job": {"type": "text"}}}})


def test_a_template_is_valid(path: Path, schema: jsonschema.Draft7Validator) -> None:
    """Header and jobs, by GitLab's schema."""
    for document in documents(path.read_text()):
        schema.validate(document)


@pytest.mark.parametrize("shown", PIPELINES)
def test_a_pipeline_of_the_pages_is_valid(shown: str, schema: jsonschema.Draft7Validator) -> None:
    """By GitLab's schema, with components of this version and inputs that they have."""
    (pipeline,) = documents(PIPELINES[shown])
    schema.validate(pipeline)
    for include in pipeline.get("include", []):
        name, _, version = include["component"].rpartition("/")[2].partition("@")
        assert version == __version__
        header, _ = documents((COMPONENTS / "templates" / f"{name}.yml").read_text())
        declared = header["spec"]["inputs"]
        assert include["inputs"].keys() <= declared.keys()
        needed = {name for name, given in declared.items() if "default" not in given}
        assert needed <= include["inputs"].keys()


def test_every_input_is_typed_and_described(template: Template) -> None:
    """With nothing else than GitLab knows; its default is one that it takes."""
    inputs, _ = template
    for given in inputs.values():
        assert given.keys() <= {"type", "description", "default", "options", "regex"}
        assert given["type"] == "string"
        assert re.fullmatch(r"[A-Z].*[.]", given["description"])
        if "default" in given:
            assert re.search(given.get("regex", ""), given["default"])
            assert given["default"] in given.get("options", [given["default"]])


def test_every_input_is_used_and_none_in_a_script(path: Path, template: Template) -> None:
    """Scripts read variables: what somebody gives for an input is never run as shell."""
    inputs, jobs = template
    used = set(re.findall(r"\$\[\[ inputs\.([a-z0-9-]+) \]\]", path.read_text()))
    assert used == inputs.keys()
    for name, job in jobs.items():
        if name != "include":
            scripts = [job.get(key, []) for key in ("before_script", "script", "after_script")]
            assert "$[[" not in str(scripts)


def test_nothing_global(template: Template) -> None:
    """A component adds jobs under names that it was given, and touches nothing of the pipeline."""
    _, jobs = template
    names = jobs.keys() - {"include"}
    assert names
    assert [name for name in names if not name.startswith("$[[ inputs.job ]]")] == []


def test_inputs_are_options(template: Template) -> None:
    """Each is an option of the same name, with its row in docs/config.md, but for the listed."""
    inputs, jobs = template
    rows = re.findall(r"^\| `--([a-z-]+)", (ROOT / "docs" / "config.md").read_text(), re.MULTILINE)
    options = inputs.keys() - OF_THE_COMPONENT - OF_THE_INSTALLATION
    assert options == {"audience", "config"}
    assert options <= OPTIONS.keys()
    assert options <= set(rows)
    handed = str(jobs)
    assert f"'{variable('config')}': '$[[ inputs.config ]]'" in handed or "'include'" in handed


def test_the_audience_is_a_key_of_the_schema() -> None:
    """What the input is for one token, the key is for one store; `config` names the file itself."""
    schema = json.loads((ROOT / "ci_secrets" / "config" / "schema.json").read_text())
    assert '"audience"' in json.dumps(schema)


@pytest.mark.parametrize("name", ["scan", "verify"])
def test_a_job_hands_on_what_exchange_takes(name: str) -> None:
    """Its own inputs are those of `exchange`, word for word, and some of its own."""
    (exchange, _), (other, jobs) = (
        documents((COMPONENTS / "templates" / f"{each}.yml").read_text())
        for each in ("exchange", name)
    )
    ours, theirs = other["spec"]["inputs"], exchange["spec"]["inputs"]
    (include,) = jobs["include"]
    assert include["inputs"].keys() == theirs.keys()
    assert {name for name in theirs if ours[name] != theirs[name]} == {"job", "stage"}


def test_the_image_is_of_this_version() -> None:
    """Its tag, the Dockerfile's example and the wheels of the page."""
    header, _ = documents((COMPONENTS / "templates" / "exchange.yml").read_text())
    assert header["spec"]["inputs"]["image"]["default"].endswith(f":{__version__}")
    dockerfile = (COMPONENTS / "Dockerfile").read_text()
    told = dockerfile + (ROOT / PAGE).read_text()
    assert set(re.findall(r"ci-secrets(?:==|:)(\d+\.\d+\.\d+)", told)) == {__version__}


def test_the_page_begins_with_the_four_lines() -> None:
    """The same as README.md and docs/gitlab.md show: include, extends, script."""
    page = (ROOT / PAGE).read_text()
    assert page.index(FOUR_LINES) < page.index("\n## ")
    for other in ("README.md", "docs/gitlab.md"):
        assert FOUR_LINES in (ROOT / other).read_text()
    (pipeline,) = documents(FOUR_LINES)
    assert pipeline.keys() == {"include", "deploy"}
    assert pipeline["deploy"] == {
        "extends": ".ci-secrets",
        "script": ["ci-secrets exec -- ./deploy.sh"],
    }


def test_what_goes_wrong_is_said_in_these_words() -> None:
    """The messages in the page's table are those of the components and of the code."""
    table = (ROOT / PAGE).read_text().partition("## What can go wrong")[2]
    messages = re.findall(r"^\| `([^`]* [^`]*)` \|", table, re.MULTILINE)
    code = [path.read_text() for path in (ROOT / "ci_secrets" / "platforms").glob("*.py")]
    said = "\n".join([*code, *(path.read_text() for path in TEMPLATES)])
    assert len(messages) >= 5
    of_shells = {"ci-secrets: not found"}
    wanted = {part.strip() for text in set(messages) - of_shells for part in text.split("…")}
    assert [text for text in wanted if text not in said] == []


def test_the_time_limits_fit() -> None:
    """After a timeout `after_script` only runs where both limits fit in that of the job."""
    (text,) = [text for text in PIPELINES.values() if "RUNNER_SCRIPT_TIMEOUT" in text]
    job = documents(text)[0]["deploy"]
    minutes = {name: int(limit[:-1]) for name, limit in job["variables"].items()}
    assert job["timeout"] == "1h"
    assert sum(minutes.values()) <= 60
