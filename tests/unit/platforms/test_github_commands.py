"""What is said to GitHub's runner, and what the runner makes of it."""

import os
import re
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ci_secrets.errors import OutputRefusedError
from ci_secrets.platforms import github_commands as commands
from ci_secrets.platforms.github import GitHub
from ci_secrets.secret import Secret

VALUE = "made-up-value"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """The empty file that the runner makes for each step."""
    file = tmp_path / "set_output"
    file.touch()
    return file


def write(output: Path, *values: tuple[str, str | bytes]) -> None:
    """Make outputs."""
    pairs = [(name, Secret(value)) for name, value in values]
    GitHub({"GITHUB_OUTPUT": str(output)}).write_outputs(pairs)


def as_the_runner_reads(content: bytes) -> dict[str, str]:
    """`NAME=VALUE` and `NAME<<DELIMITER` as actions/runner's FileCommandManager reads them."""
    lines = content.decode("utf-8-sig").split("\n")
    found = {}
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        separator = re.search("=|<<", line)
        assert separator, f"Invalid format {line}"
        name, rest = line[: separator.start()], line[separator.end() :]
        if separator[0] == "<<":
            value: list[str] = []
            while lines[0] != rest:
                value.append(lines.pop(0))
            lines.pop(0)
            found[name] = "\n".join(value)
        else:
            found[name] = rest
    return found


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_values_come_out_as_they_went_in(output: Path, values: list[str]) -> None:
    """Newlines at either end, carriage returns, `<<`, whatever is text."""
    output.write_bytes(b"")
    pairs = {f"NAME_{number}": value for number, value in enumerate(values)}
    write(output, *pairs.items())
    assert as_the_runner_reads(output.read_bytes()) == pairs


@pytest.mark.parametrize(
    "value",
    ["", "\n", "a\n", "\r\n", "a\r\nb\r\n", "NAME=x", "X<<EOF\n1\nEOF", "\ufeffa", '{"a": 1}\n'],
    ids=repr,
)
def test_awkward_values_come_out_as_they_went_in(output: Path, value: str) -> None:
    """None of them ends its own delimiter or starts another output."""
    write(output, ("A", value), ("B", VALUE))
    assert as_the_runner_reads(output.read_bytes()) == {"A": value, "B": VALUE}


def test_each_value_has_a_delimiter_that_nobody_can_know(output: Path) -> None:
    """Two values never share one, and the value does not hold it."""
    write(output, ("A", VALUE), ("B", VALUE))
    delimiters = re.findall("^[AB]<<(.+)$", output.read_text(), re.MULTILINE)
    assert len(set(delimiters)) == 2
    assert all(len(delimiter) >= 32 for delimiter in delimiters)


def test_a_line_that_was_left_open_does_not_swallow_the_first_name(output: Path) -> None:
    """`printf x=1 >> $GITHUB_OUTPUT` before us would else put our value's lines in clear."""
    output.write_bytes(b"x=1")
    write(output, ("A", "l1\nl2"))
    assert as_the_runner_reads(output.read_bytes()) == {"x": "1", "A": "l1\nl2"}


def test_a_variable_goes_to_its_own_file(output: Path) -> None:
    """And into no environment: neither ours nor that of later children."""
    before = dict(os.environ)
    GitHub({"GITHUB_ENV": str(output)}).export_variables([("DB_PASSWORD", Secret(VALUE))])
    assert as_the_runner_reads(output.read_bytes()) == {"DB_PASSWORD": VALUE}
    assert dict(os.environ) == before


@pytest.mark.parametrize("write_all", [GitHub.write_outputs, GitHub.export_variables])
def test_without_the_runners_file_nothing_is_said(
    write_all: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    """actions-toolkit would print the value in clear."""
    with pytest.raises(OutputRefusedError, match="is not set"):
        write_all(GitHub({}), [("A", Secret(VALUE))])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"a\0b", "NUL"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a" * (120 * 1024 + 1), "larger than 120 KiB"),
    ],
    ids=["nul", "binary", "huge"],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_written(
    output: Path, value: bytes, says: str
) -> None:
    """The error names the value and the way out."""
    with pytest.raises(OutputRefusedError, match=f"MINE {says}|MINE .*{says}") as caught:
        write(output, ("GOOD", VALUE), ("MINE", value))
    assert output.read_bytes() == b""
    assert "as: file" in caught.value.fix


def test_the_largest_value_passes(output: Path) -> None:
    """120 KiB to the byte."""
    write(output, ("A", b"a" * 120 * 1024))
    assert len(as_the_runner_reads(output.read_bytes())["A"]) == 120 * 1024


@pytest.mark.parametrize("name", ["", "1A", "A=B", "A<<B", "A\nB", "A B", "Ä", "a\x1b"], ids=repr)
def test_a_name_cannot_forge_a_command(output: Path, name: str) -> None:
    """Names are letters, digits, `_` and `-`."""
    with pytest.raises(OutputRefusedError, match="cannot be the name"):
        write(output, ("GOOD", VALUE), (name, VALUE))
    assert output.read_bytes() == b""


def link(path: Path) -> None:
    """A link to a file that is ours too."""
    path.with_name("target").touch()
    path.symlink_to("target")


def directory(path: Path) -> None:
    """A directory."""
    path.mkdir()


def pipe(path: Path) -> None:
    """A FIFO that nobody reads."""
    os.mkfifo(path)


def missing(_: Path) -> None:
    """Nothing: it is the runner's to make."""


@pytest.mark.parametrize("make", [link, directory, pipe, missing], ids=lambda it: it.__name__)
def test_only_a_regular_file_is_written(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """What an earlier step put in its place gets no value."""
    make(tmp_path / "file")
    with pytest.raises(OutputRefusedError, match="nothing was"):
        write(tmp_path / "file", ("A", VALUE))
    target = tmp_path / "target"
    assert not target.exists() or target.read_bytes() == b""


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A disk on which no file can grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_half_way_leaves_the_file_as_it_was(output: Path) -> None:
    """The runner never reads half a value."""
    output.write_bytes(b"x=1\n")
    with largest_file(4096), pytest.raises(OutputRefusedError, match="nothing was"):
        write(output, ("A", "a" * 3000), ("B", "b" * 3000))
    assert output.read_bytes() == b"x=1\n"


def test_masks_are_one_command_a_line_and_never_the_whole() -> None:
    """For the whole the runner would mask each of its lines, `{` among them."""
    lines = GitHub({}).mask_lines([b"a%0Ab", b"first\r\nsecond\n\n  \nthird"])
    assert lines == [
        b"::add-mask::a%250Ab",
        b"::add-mask::first",
        b"::add-mask::second",
        b"::add-mask::third",
    ]


@given(
    st.binary()
    | st.lists(st.sampled_from([b"\xc2\xa0", b"\x1c", b"\r", b"%0A", b"a"])).map(b"".join)
)
@example(b"\xc2\xa0\n\x1c")
def test_the_runner_masks_exactly_what_it_was_asked_to(value: bytes) -> None:
    """Our own parser, which follows the runner's, gets each line of the value back."""
    asked = [commands.mask_request(line) for line in commands.masks(value)]
    lines = re.split(rb"[\r\n]+", value)
    assert asked == [line for line in lines if line.decode("utf-8", "replace").strip()]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"::add-mask::V", b"V"),
        (b"  \t::add-mask::V\n", b"V"),
        (b"\xc2\xa0::add-mask::V\r\n", b"V"),
        (b"::ADD-Mask::V", b"V"),
        (b"::add-mask a=b,c=d::V::W", b"V::W"),
        (b"::add-mask::a%0Ab%0Dc%25%250A", b"a\nb\rc%%0A"),
        (b"::add-mask::%0a%3B", b"%0a%3B"),
        (b"::add-mask:: V ", b" V "),
        (b"##[add-mask]V", b"V"),
        (b"text ##[Add-Mask x=y;]a%3Bb%5D%25", b"a;b]%"),
        (b"progress\r::add-mask::V", b"V"),
        (b"::add-mask::\xff", b"\xff"),
    ],
    ids=repr,
)
def test_requests_are_read_as_the_runner_reads_them(line: bytes, value: bytes) -> None:
    """White space before it, either case, properties, both syntaxes with their own escapes."""
    assert GitHub({}).mask_request(line) == value


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"plain",
        b"echo ::add-mask::V",
        b"::add-mask::",
        b"::add-mask::  ",
        b"::add-mask:V",
        b"::add-masks::V",
        b"::warning::add-mask",
        b"::warning::x ::add-mask::V",
        b"##[add-mask V",
        b"##[group]##[add-mask]V",
        b"## [add-mask]V",
    ],
    ids=repr,
)
def test_what_the_runner_does_not_obey_is_no_request(line: bytes) -> None:
    """Else a needle would come from a line that masks nothing."""
    assert GitHub({}).mask_request(line) is None


@given(st.lists(st.sampled_from([b"::", b"add-mask", b" ", b"##[", b"]", b"\r", b"\xff", b"V"])))
def test_no_line_breaks_the_parser(pieces: list[bytes]) -> None:
    """A value is never empty."""
    assert GitHub({}).mask_request(b"".join(pieces)) != b""


def test_an_annotation_is_one_command_whatever_the_message() -> None:
    """A newline in it starts no other command."""
    line = GitHub({}).annotate("error", "50%\r\n::warning::x")
    assert line == "::error title=ci-secrets::50%25%0D%0A::warning::x"


def summary(path: Path, markdown: str) -> None:
    """Append to a summary."""
    environment: Mapping[str, str] = {"GITHUB_STEP_SUMMARY": str(path)}
    GitHub(environment).write_summary(markdown)


def test_the_summary_grows_on_a_line_of_its_own(tmp_path: Path) -> None:
    """After what the step itself wrote."""
    path = tmp_path / "summary"
    path.write_text("# mine")
    summary(path, "## ci-secrets\n")
    assert path.read_text() == "# mine\n## ci-secrets\n"


def test_a_summary_never_grows_beyond_what_github_shows(tmp_path: Path) -> None:
    """It would drop all of it, the user's part too."""
    path = tmp_path / "summary"
    path.write_bytes(b"a" * (commands.MAX_SUMMARY_BYTES - 5))
    with pytest.raises(OutputRefusedError, match="not written: GitHub shows none above 1024 KiB"):
        summary(path, "## ci-secrets\n")
    assert path.stat().st_size == commands.MAX_SUMMARY_BYTES - 5


@pytest.mark.parametrize("make", [link, directory, pipe, missing], ids=lambda it: it.__name__)
def test_a_summary_that_cannot_be_written_is_told(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """Nobody would miss what is not there."""
    make(tmp_path / "file")
    with pytest.raises(OutputRefusedError, match=r"^The job summary was not written: [A-Z].*\.$"):
        summary(tmp_path / "file", "## ci-secrets\n")


def test_nobody_waits_for_a_summary() -> None:
    """Where there is none, and where it goes to /dev/null or our own output."""
    GitHub({}).write_summary("## ci-secrets\n")
    summary(Path(os.devnull), "## ci-secrets\n")
    summary(Path("/dev/stdout"), "## ci-secrets\n")
