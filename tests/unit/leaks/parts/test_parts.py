"""What one value comes to: the whole, its lines, its secret fields, and a word on the rest."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.parts import MAX_READ, MIN_WHOLE, Part, parts_of
from ci_secrets.leaks.parts.leaves import MAX_LEAVES, MIN_LEAF
from ci_secrets.leaks.parts.lines import MAX_LINES
from tests.unit.leaks.parts import templates

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SHOWN = re.compile(r"(?:\.[A-Za-z0-9_$@/.#-]*|\[\d+\])*")


def leaves(value: str) -> dict[str, str]:
    """The fields that are looked for, by name; of two with one name the first."""
    found: dict[str, str] = {}
    for part in parts_of("NAME", value.encode()).parts:
        if part.kind == "leaf":
            found.setdefault(part.name, part.text.decode())
    return found


def texts(value: str) -> set[str]:
    """Everything that is looked for."""
    return {part.text.decode() for part in parts_of("NAME", value.encode()).parts}


@pytest.mark.parametrize("value", [b"", b"   \n", b"12345", b"  abcd1\n", b"\xff\xfe"])
def test_short_values_are_said_and_not_looked_for(value: bytes) -> None:
    """Below six bytes there is no part but a note."""
    found = parts_of("PIN", value)
    assert found.parts == ()
    (note,) = found.skipped
    assert (note.secret, note.reason) == ("PIN", "shorter than 6 bytes")


def test_common_words_are_said_and_not_looked_for() -> None:
    """A word that stands in every log has no part but a note."""
    found = parts_of("STAGE", b"production\n")
    assert found.parts == ()
    assert [note.secret for note in found.skipped] == ["STAGE"]


@pytest.mark.parametrize(("value", "severity"), [(b"hunter", "low"), (b"hunter23", "high")])
def test_severity_of_whole_values(value: bytes, severity: str) -> None:
    """Six and seven bytes are too short to be sure."""
    (whole,) = parts_of("PW", value).parts
    assert (whole.severity, whole.kind, whole.name) == (severity, "whole", "")


@pytest.mark.parametrize(
    ("value", "wordy"),
    [("correct-horse-battery", True), ("aaaaaaab", True), ("x7Kq9!mZ2#", False)],
)
def test_wholes_of_words_are_told(value: str, wordy: bool) -> None:
    """A value of words is looked for, and marked so that loose forms leave it out."""
    (whole,) = parts_of("PW", value.encode()).parts
    assert whole.wordy is wordy


def test_white_space_around_a_value_is_not_part_of_it() -> None:
    """A value is found where its trailing newline was not printed."""
    assert texts(" hunter23\n") == {"hunter23"}


def test_a_part_does_not_show_its_text() -> None:
    """Printing a part in an error shows its name only."""
    (whole,) = parts_of("PW", b"hunter23").parts
    assert "hunter23" not in repr(whole)


@pytest.mark.parametrize("kind", templates.WHOLE)
def test_secret_fields_of_usual_files_and_no_others(kind: str) -> None:
    """Of each file exactly the secrets are looked for, under the names of their places."""
    template = templates.WHOLE[kind]()
    assert leaves(template.text) == template.leaves


def test_padded_base64_is_no_setting_whatever_word_its_letters_spell() -> None:
    """`…CaQ==` is not the setting of a `Ca…`: what is packed in it is looked for."""
    secret = "Zq8v!SZQYXOrRNBi"
    packed = base64.b64encode(f"robot:{secret}".encode()).decode()
    assert packed.endswith("CaQ==")
    assert secret in texts(json.dumps({"auth": packed}))


def test_passwords_of_xml_are_looked_for_as_meant_and_as_written() -> None:
    """Both have the name of the element."""
    template = templates.maven()
    assert leaves(template.text) == template.leaves
    assert template.leaves[".password"].replace("&", "&amp;") in texts(template.text)


@pytest.mark.parametrize("kind", templates.short_values())
def test_secrets_inside_values_of_every_kind(kind: str) -> None:
    """What stands inside a value is looked for on its own."""
    value, secret = templates.short_values()[kind]
    found = {part.text.decode(): part for part in parts_of("NAME", value.encode()).parts}
    assert secret in found
    assert found[secret].severity == "medium"
    assert secret not in found[secret].secret


def test_lines_of_a_key_in_a_field_are_looked_for() -> None:
    """A key inside JSON, and one in base64 inside YAML, leak by their lines too."""
    account = templates.service_account()
    key = account.leaves[".private_key"].split("\n")
    found = {part.name: part.text.decode() for part in parts_of("N", account.text.encode()).parts}
    assert [found[f".private_key[{number}]"] for number in (2, 3, 4)] == key[1:4]
    assert ".private_key[1]" not in found
    config = templates.kubeconfig()
    key = config.leaves[".users[0].user.client-key-data.decoded"].split("\n")
    assert set(key[1:-1]) <= texts(config.text)


@pytest.mark.parametrize("first", range(256))
def test_what_is_no_key_has_no_public_lines(first: int) -> None:
    """Whatever it begins with: where it cannot be read all of it may be secret."""
    data = bytes([first, 95]) + bytes(range(254))
    body = [data[at : at + 48] for at in range(0, 256, 48)]
    lines = [base64.b64encode(row).decode() for row in body]
    for text in (lines, ["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"]):
        assert texts("\n".join(text)) >= set(lines[:5])


def test_certificates_next_to_a_private_key_are_not_looked_for() -> None:
    """Every client of the server sees them; alone they are what somebody declared a secret."""
    key, certificate = templates.pem("PRIVATE KEY"), templates.pem("CERTIFICATE")
    public = set(certificate.split("\n")[1:-2])
    assert not texts(key + certificate) & public
    assert public <= texts(certificate)


def test_what_is_public_inside_a_structured_value_is_not_looked_for() -> None:
    """Certificates and public keys, whatever the field is called, stand in many logs."""
    certificate, public = templates.pem("CERTIFICATE"), templates.pem("PUBLIC KEY")
    line = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{templates.token(43)} user@host"
    secret = templates.token()
    fields = {"data": certificate, "verify": public, "signed_by": line, "password": secret}
    document = "".join(
        f"{name}: |\n" + "".join(f"  {row}\n" for row in text.splitlines())
        for name, text in fields.items()
    )
    shown = {*certificate.splitlines(), *public.splitlines(), line}
    for value in (json.dumps(fields), json.dumps(fields, indent=2), document):
        assert secret in texts(value)
        assert set(leaves(value)) <= {".password"}
        assert not any(row in text for text in texts(value) - {value.strip()} for row in shown)


@pytest.mark.parametrize("password", ["Q7z81kZ0pWm4xT5v", ""])
def test_the_user_of_an_address_is_a_secret_only_without_a_password(password: str) -> None:
    """A database prints the name of whoever logs in; a token may stand there alone."""
    user = "v-jwt-app-Zq8x7Kq9mZ2w"
    value = f"postgres://{user}:{password}@db.example.com/app"
    assert (user in texts(value)) is (not password)


def test_a_token_may_stand_before_words() -> None:
    """As in addresses of GitHub, whose password says what the user is."""
    assert "Q7z81kZ0pWm4xT5v" in texts("https://Q7z81kZ0pWm4xT5v:x-oauth-basic@example.com/a")


def test_yaml_may_begin_with_a_key() -> None:
    """A block of PEM right at its start is a field like any other."""
    key, secret = templates.pem("PRIVATE KEY"), templates.token()
    block = "".join(f"  {row}\n" for row in key.splitlines())
    assert leaves(f"key: |\n{block}token: {secret}\n") == {".key": key.strip(), ".token": secret}


def test_a_text_is_given_once() -> None:
    """A field that equals the whole or a line is the whole or the line."""
    value = "abc: Zq8x7Kq9mZ2w\nZq8x7Kq9mZ2w\nother: Zq8x7Kq9mZ2w\n"
    found = [p for p in parts_of("N", value.encode()).parts if p.text == b"Zq8x7Kq9mZ2w"]
    assert [(part.kind, part.name) for part in found] == [("line", "[2]")]


def test_what_is_left_out_is_counted() -> None:
    """Short secrets are told from words, and no content is told."""
    value = json.dumps({"password": "Zq8x7", "host": "db.example.com", "port": 5432, "on": True})
    found = parts_of("DB", value.encode())
    assert [part.name for part in found.parts] == [""]
    assert [note.reason for note in found.skipped] == [
        "1 of its secret fields are shorter than 8 bytes: found only with the whole",
        "2 of its fields are words, names or ids: found only with the whole",
    ]


def test_a_key_that_may_be_a_secret_is_not_shown() -> None:
    """A mapping from tokens is named by numbers, and its keys are looked for."""
    value = json.dumps({"Q7z81kZ0pWm4xT5v": "alice", "7Zq81kZ0pWm4xT5v": {"password": "x" * 3}})
    found = leaves(value)
    assert found == {".#1.key": "Q7z81kZ0pWm4xT5v", ".#2.key": "7Zq81kZ0pWm4xT5v"}


def test_a_key_is_not_shown_because_of_how_it_ends() -> None:
    """A token that ends like the name of an id is still a token."""
    assert not any("x7Kq9mZ2" in name for name in leaves('{"x7Kq9mZ2wTOKEN": "Zq8x7Kq9mZ2w"}'))


@pytest.mark.parametrize(
    "value",
    [
        {"password": "changeme"},
        {"password": "${DB_PASSWORD}"},
        {"token": "{{ vault.token }}"},
        {"token": "/var/run/secrets/token"},
        {"password": "xxxxxxxxxxxx"},
        {"id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
        {"env": [{"name": "DB_HOST", "value": "Zq8x7Kq9mZ2w"}]},
        {"serial_number": "39:dd:2e:90:b7:23:1f:8d:d3:7d:31:c5:1b:da:84:d0:5b:65:31:58"},
        {"release": "2026.11.28-3f9c2ab", "tag": "v1.4.2-7-g3f9c2ab"},
        {"digest": f"sha256:{DIGEST}", "image": f"registry/app@sha256:{DIGEST}"},
        {"base": f"app@sha256:{DIGEST}", "integrity": f"sha512-{'q8Zk2vX0pLw' * 7}+/Zq8x7Kq9=="},
    ],
)
def test_fields_that_hold_no_secret(value: object) -> None:
    """Placeholders, references, places, and ids are not looked for."""
    assert leaves(json.dumps(value)) == {}


def test_a_secret_may_look_like_a_digest() -> None:
    """What is a secret by its name is one, whatever it looks like."""
    value = {"api_token": f"sha256:{DIGEST}", "password": "2026.11.28-3f9c2ab"}
    assert leaves(json.dumps(value)) == {f".{name}": text for name, text in value.items()}


def test_long_values_are_bounded_and_said() -> None:
    """A value of any length costs memory in proportion, and the report says what is left out."""
    value = b"\n".join(b"%08d-Zq8x7K-9f8e" % number for number in range(2 * MAX_LINES))
    assert len(value) > MAX_READ
    found = parts_of("BIG", value)
    assert len(found.parts) == MAX_LINES + 1
    assert len(found.skipped) == 2


def test_many_fields_are_bounded_and_said() -> None:
    """Beyond a thousand fields the report says that there are more."""
    value = json.dumps([templates.token(16) for _ in range(MAX_LEAVES + 5)])
    found = parts_of("MANY", value.encode())
    assert len(found.parts) == MAX_LEAVES + 1
    assert "more than 1000 secret fields" in found.skipped[-1].reason


DEEP = [
    '{"a":' * 10_000 + "1" + "}" * 10_000,
    "k: " + "[" * 30_000,
    "k:\n  " + "{a: " * 10_000,
    "".join(" " * depth + "a:\n" for depth in range(300)),
    "a: &a [x,x]\n" + "".join(f"{c}: &{c} [*{chr(ord(c) - 1)}," * 2 + "]\n" for c in "bcdefgh"),
    '{"a":' + "9" * 60_000 + "}",
    "a: 0x" + "f" * 60_000 + "\nb: 1e999999999\n",
    "<a><![CDATA[" * 5_000,
    'password="a\\\n' * 5_000,
    "a={;" * 15_000,
    json.dumps({"password": "\ud800" * 4 + "Zq8x7Kq9"}),
]


@pytest.mark.parametrize("value", DEEP)
def test_hostile_values_are_read_in_bounds(value: str) -> None:
    """Deep nesting, aliases, huge numbers and unclosed quotes end in few parts, and never raise."""
    found = parts_of("NAME", value.encode())
    assert found.parts[0].text == value.encode().strip()
    assert len(found.parts) < 40


def check(part: Part, value: bytes) -> None:
    """Hold one part to its floors."""
    floor = MIN_WHOLE if part.kind == "whole" else MIN_LEAF
    assert len(part.text) >= floor
    assert part.text == part.text.strip()
    assert SHOWN.fullmatch(part.name)
    if part.kind == "line" and part.name.count("[") == 1 and "." not in part.name:
        assert part.text in value


STRUCTURED = st.recursive(
    st.text(max_size=30) | st.integers() | st.booleans() | st.none() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
).map(json.dumps)
SNIPPETS = st.lists(
    st.sampled_from(
        ["password", "a", "://", "@", ":", "=", " ", "\n", ";", "&", "{", "}", "[", "]", '"', "'",
         "<", ">", "- ", "#", "\\", "%41", "Zq8x7Kq9", "YWJjZGVmZ2g=", "-----BEGIN A-----", "|"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(st.binary(max_size=200) | (STRUCTURED | SNIPPETS | st.text()).map(str.encode))
def test_any_value_comes_to_parts(value: bytes) -> None:
    """Nothing raises; floors hold; no text is given twice; nothing is dropped without a word."""
    found = parts_of("NAME", value)
    for part in found.parts:
        check(part, value)
    assert len({part.text for part in found.parts}) == len(found.parts)
    if found.parts:
        assert found.parts[0].text == value.strip()
    else:
        assert found.skipped


@given(
    st.lists(st.sampled_from(["db", "items", "one", "my-key"]), min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=8, max_size=30),
)
def test_a_secret_is_found_at_any_place_of_a_document(path: list[str], tail: str) -> None:
    """However deep it stands, a password is found in JSON, in YAML, and in JSON inside either."""
    secret = f"{tail}7Zq8x7Kq9m"
    document: object = {"password": secret}
    for key in path:
        document = {key: document} if key != "items" else [document]
    for value in (json.dumps(document), json.dumps({"inner": json.dumps(document)})):
        assert secret in texts(value)


def test_columns_of_csv_are_named() -> None:
    """A cell has the number of its line and the name of its column, without white space."""
    secret = templates.token()
    found = leaves(f"User name,Secret access key\nrobot,{secret}\n")
    assert found == {"[2].Secret_access_key": secret}
