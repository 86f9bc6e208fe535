"""YAML that nobody vouches for is read whole or refused with its place."""

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.config.yaml import MAX_BYTES, MAX_DEPTH, parse, read
from ci_secrets.errors import ConfigError


def refused(data: bytes) -> str:
    """What the refusal of `data` says."""
    with pytest.raises(ConfigError) as caught:
        parse(data, "f.yaml")
    assert caught.value.fix
    return caught.value.what


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("no", "yes", "on", "off", "y", "N", "No", "OFF", "<<", "=")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, word) for word in ("tRUE", "nULL", "none", "None")),
        ("0600", 600),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("'true'", "true"),
        ('"0600"', "0600"),
        ('"a\\u00e9"', "aé"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    """Unquoted words mean what YAML 1.2 says, not what YAML 1.1 did."""
    assert parse(f"k: {text}\n".encode(), "f").plain() == {"k": value}


def test_every_node_knows_its_place() -> None:
    """Keys and values know line and column, counted from one, after a BOM too."""
    node = parse(b"\xef\xbb\xbfa:\n  b: [1, x]\n", "f.yaml")
    assert isinstance(node.value, dict)
    inner = node.value["a"]
    assert (str(inner.keys["b"]), str(inner.place)) == ("f.yaml:2:3", "f.yaml:2:3")
    assert isinstance(inner.value, dict)
    items = inner.value["b"].value
    assert isinstance(items, tuple)
    assert str(items[1].place) == "f.yaml:2:10"
    assert node.plain() == {"a": {"b": [1, "x"]}}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_document_is_null(data: bytes) -> None:
    """A file without content is null, not an error."""
    assert parse(data, "f").value is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a: &x 1\n", "f.yaml:1:4: anchors"),
        (b"a: 1\nb: *x\n", "f.yaml:2:4: anchors"),
        (b"&x a: 1\n", "anchors"),
        (b"a: &x [1]\nb: [*x, *x]\n", "f.yaml:1:4: anchors"),
        (b"a: !!python/object/apply:os.system ['true']\n", "f.yaml:1:4: tags"),
        (b"a: !!str 1\n", "tags"),
        (b"a: ! x\n", "tags"),
        (b"!!map {a: 1}\n", "tags"),
        (b"%YAML 1.1\n---\na: no\n", "directives"),
        (b"%TAG ! tag:x,2000:\n---\na: 1\n", "directives"),
        (b"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document"),
        (b"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key `a` stands here a second time"),
        (b"{a: {x: 1, x: 2}}\n", "f.yaml:1:12: the key `x`"),
        (b"'a': 1\n\"a\": 2\n", "a second time"),
        (b"1: x\n", "f.yaml:1:1: a key must be text"),
        (b"true: x\n", "a key must be text"),
        (b"? [a]\n: x\n", "a key must be text"),
        (b"~: x\n", "a key must be text"),
        (b"a: .nan\n", "not finite"),
        (b"a: -.inf\n", "not finite"),
        (b"a: 1e999\n", "too large"),
        (b"a: " + b"9" * 5000 + b"\n", "too long"),
        (b"a: 0x" + b"f" * 5000 + b"\n", "too long"),
        (b"a: b: c\n", "f.yaml:1:5: this is not YAML"),
        (b"a:\n\t- b\n", "f.yaml:2:1: this is not YAML"),
        (b"a: [1, 2\n", "this is not YAML"),
        (b"a: 'x\n", "this is not YAML"),
        (b"a: @x\n", "this is not YAML"),
        (b"a: x\nb: \x00\n", "f.yaml:2:4: the character \\x00"),
        (b"a: x\xe2\x80\xa8\n", "the character"),
        (b"a: x\xef\xbb\xbf\n", "the character"),
        (b"a: \xff\n", "f.yaml:1:4: this is not UTF-8"),
        (b"a: \xed\xa0\x80\n", "this is not UTF-8"),
        ("a: 1".encode("utf-16"), "this is not UTF-8"),
        (b'a: "\\ud800"\n', "f.yaml:1"),
        (b'a: "\\U00110000"\n', "f.yaml:1"),
    ],
)
def test_hostile_and_ambiguous_yaml_is_refused(data: bytes, says: str) -> None:
    """What could be read in two ways, or does anything, is refused with its place."""
    assert says in refused(data)


@pytest.mark.parametrize("opening", [b"[", b"{", b"{a: ", b"- ", b"? ", b"[{a: "])
@pytest.mark.parametrize("times", [3_000, 60_000])
def test_deep_nesting_is_refused_without_recursion(opening: bytes, times: int) -> None:
    """Depth is refused where it is passed, however deep it would have gone."""
    says = refused(opening * min(times, MAX_BYTES // len(opening)))
    assert f"more than {MAX_DEPTH} deep" in says or "must be text" in says


def test_the_depth_allowed_is_read() -> None:
    """Twenty levels are read, one more is not."""
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "f").plain()
    assert "deep" in refused(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_an_alias_bomb_is_refused() -> None:
    """The bomb that loads in 2 ms and walks for minutes ends at its first anchor."""
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(9)]
    assert "f.yaml:1:5: anchors" in refused("\n".join(lines).encode())


def test_the_size_is_bounded() -> None:
    """256 KiB are read, a byte more is not."""
    line = b"# " + b"x" * 61 + b"\n"
    data = line * (MAX_BYTES // len(line))
    assert len(data) == MAX_BYTES
    assert parse(data, "f").value is None
    assert "256 KiB" in refused(data + b"\n")


class TestFile:
    """The file itself is not trusted either."""

    def test_it_is_read(self, tmp_path: Path) -> None:
        """A regular file is read, and named in what is said of it."""
        path = tmp_path / "c.yaml"
        path.write_text("a: 1\n")
        node = read(path)
        assert node.plain() == {"a": 1}
        assert node.place.file == str(path)

    def test_a_large_file_is_refused_unread(self, tmp_path: Path) -> None:
        """100 MB are refused by their size alone."""
        path = tmp_path / "c.yaml"
        with path.open("wb") as file:
            file.truncate(100_000_000)
        with pytest.raises(ConfigError, match="256 KiB"):
            read(path)

    def test_a_file_that_hides_its_size_is_bounded(self) -> None:
        """A file that says 0 bytes and gives more is read, up to the limit."""
        node = read(Path(f"/proc/{os.getpid()}/status"))
        assert node.plain()["Pid"] == os.getpid()

    @pytest.mark.parametrize("kind", ["fifo", "directory", "device", "missing", "nul"])
    def test_what_is_no_regular_file_is_refused(self, kind: str, tmp_path: Path) -> None:
        """A FIFO does not hang, and a device is not read."""
        path = tmp_path / "c.yaml"
        match kind:
            case "fifo":
                os.mkfifo(path)
            case "directory":
                path.mkdir()
            case "device":
                path = Path("/dev/zero")
            case "nul":
                path = tmp_path / "a\0b"
            case _:
                assert kind == "missing"
        with pytest.raises(ConfigError, match="cannot be read"):
            read(path)

    def test_a_link_may_not_leave_its_directory(self, tmp_path: Path) -> None:
        """A checkout's link to another place of the machine is not followed."""
        (tmp_path / "elsewhere").write_text("a: 1\n")
        checkout = tmp_path / "checkout"
        checkout.mkdir()
        (checkout / "c.yaml").symlink_to("../elsewhere")
        with pytest.raises(ConfigError, match="leaves its directory"):
            read(checkout / "c.yaml")

    def test_a_link_within_its_directory_is_followed(self, tmp_path: Path) -> None:
        """A ConfigMap as Kubernetes mounts it is read."""
        (tmp_path / "..2024").mkdir()
        (tmp_path / "..2024" / "c.yaml").write_text("a: 1\n")
        (tmp_path / "..data").symlink_to("..2024")
        (tmp_path / "c.yaml").symlink_to("..data/c.yaml")
        assert read(tmp_path / "c.yaml").plain() == {"a": 1}

    def test_a_link_to_itself_is_refused(self, tmp_path: Path) -> None:
        """A circle of links ends."""
        (tmp_path / "c.yaml").symlink_to("c.yaml")
        with pytest.raises(ConfigError, match="cannot be read"):
            read(tmp_path / "c.yaml")


YAMLISH = st.text(alphabet=string.ascii_lowercase[:4] + " \n\t:-?[]{},&*!|>'\"%@`#~0x.\\u\u2028é")


@given(st.one_of(st.binary(), YAMLISH.map(str.encode)))
def test_any_bytes_are_a_node_or_a_refusal(data: bytes) -> None:
    """No bytes raise anything but ConfigError, and every refusal says what to change."""
    try:
        parse(data, "f.yaml").plain()
    except ConfigError as refusal:
        failure = refusal
    else:
        return
    assert failure.what.startswith("f.yaml")
    assert failure.fix
    assert failure.what.isprintable()
