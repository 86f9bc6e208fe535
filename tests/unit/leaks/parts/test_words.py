"""What reads as words, and what does not."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.parts.words import MAX_CHARACTERS, is_wordy


@pytest.mark.parametrize(
    "text",
    [
        "service_account",
        "my-project-123456",
        "deployer@my-project-123456.iam.gserviceaccount.com",
        "https://www.googleapis.com/robot/v1/metadata/x509/deployer%40my-project-123456.com",
        "https://accounts.google.com/o/oauth2/auth",
        "kubernetes-admin@kubernetes",
        "rbac.authorization.k8s.io/v1beta1",
        "client.authentication.k8s.io/v1",
        "arn:aws:iam::123456789012:role/deploy-role",
        "registry.example.com/team/app:latest",
        "/usr/local/lib/python3.11/site-packages",
        "2024-01-31T10:20:30Z",
        "10.0.0.1:6443",
        "fe80::1ff:fe23:4567:890a",
        "^20.17.0 || >=22.9.0",
        "us-east-1",
        "europe-west4",
        "ReadWriteOnce",
        "HTTP_PROXY_HOST",
        "openid profile email offline_access",
        "correct-horse-battery-staple",
        "hunter23",
        "123456789012",
        "aaaaaaaa",
        "abcdefghij",
        "Straße nach Süden",
    ],
)
def test_words(text: str) -> None:
    """Names, places, versions, dates and numbers stand in many logs."""
    assert is_wordy(text)


@pytest.mark.parametrize(
    "text",
    [
        "tr0ub4dor&3",
        "x7K2-m9Qa-b3Fz",
        "4f2c9d0b71",
        "MIIEpAIBAAKCAQEA7bq0Zk2",
        "dGVzdCB0ZXN0IHRlc3Q",
        "9f2504e0-4f89-11d3-9a0c-0305e82c33ab",
        "https://hooks.example.com/services/T0/B0/Zq8x7Kq9mZ2w",
        "1234567890123456",
        "wxqk zvbn jrtx hpqd",
    ],
)
def test_no_words(text: str) -> None:
    """Random texts are none, whatever they are made of."""
    assert not is_wordy(text)


@pytest.mark.parametrize(
    ("alphabet", "length", "most"),
    [
        (string.ascii_letters + string.digits, 12, 10),
        (string.ascii_letters + string.digits, 20, 2),
        (string.ascii_letters + string.digits + "!@#$%^&*-_=+.?", 12, 20),
        (string.hexdigits[:16], 16, 5),
        (string.ascii_lowercase, 20, 40),
        (string.ascii_uppercase + "234567", 16, 10),
    ],
)
def test_random_texts_are_seldom_words(alphabet: str, length: int, most: int) -> None:
    """Of a thousand random texts only a few are taken for words."""
    source = random.Random(length)  # noqa: S311  # no secret
    texts = ("".join(source.choices(alphabet, k=length)) for _ in range(1000))
    assert sum(map(is_wordy, texts)) <= most


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    """Nothing raises, and long texts are no words."""
    assert is_wordy(text) in (True, False)
    assert not is_wordy("word " * MAX_CHARACTERS)
