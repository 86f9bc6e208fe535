"""What the name of a field says of its value."""

import pytest

from ci_secrets.leaks.parts.keys import says

SECRET = [
    "password",
    "DB_PASSWORD",
    "dbPassword",
    "passwd",
    "MYSQL_PWD",
    "private_key",
    "aws_secret_access_key",
    "SecretAccessKey",
    "SessionToken",
    "client-key-data",
    "token",
    "_authToken",
    "_auth",
    "AccountKey",
    "clientSecret",
    "refresh_token",
    "secret_id",
    "tls.key",
    "ssh_key",
    "apikey",
    "api_key",
    "cookie",
    "SLACK_WEBHOOK_URL",
    "passphrase",
]
PLAIN = [
    "type",
    "project_id",
    "client_id",
    "client_email",
    "apiVersion",
    "kind",
    "name",
    "username",
    "user",
    "email",
    "region",
    "host",
    "port",
    "database",
    "certificate-authority-data",
    "client-certificate-data",
    "tls.crt",
    "public_key",
    "tenantId",
    "current-context",
    "universe_domain",
    "client_x509_cert_url",
    "SharedAccessKeyName",
    "expires_at",
    "serial_number",
    "private_key_id",
    "kid",
    "GIT_SHA",
    "CI_COMMIT_SHA",
    "checksum",
]
NOTHING = [
    "LICENSE_SERIAL_NUMBER",
    "password_sha256",
    "token_digest",
    "accessKeyId",
    "token_uri",
    "DATABASE_URL",
    "value",
    "data",
    "key",
    "keyUsage",
    "label_key",
    "token_type",
    "PASSWORD_DB",
    "123",
    "é",
]


@pytest.mark.parametrize("key", SECRET)
def test_names_of_secrets(key: str) -> None:
    """In every style of writing."""
    assert says(key) == "secret"


@pytest.mark.parametrize("key", PLAIN)
def test_names_of_what_is_no_secret(key: str) -> None:
    """Ids, places, and what is public."""
    assert says(key) == "plain"


@pytest.mark.parametrize("key", [*NOTHING, "", "password" * 100])
def test_names_that_say_nothing(key: str) -> None:
    """Then the value is judged by itself."""
    assert says(key) == ""
