"""`python -I -m ci_secrets`: what the `ci-secrets` script runs."""

from ci_secrets.cli.main import entry

entry()
