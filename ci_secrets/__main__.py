"""`python -I -m ci_secrets`: what the `ci-secrets` script runs."""

import sys

if sys.platform == "win32":  # before all else, for what follows imports what only POSIX has
    sys.stderr.write("ci-secrets: Windows is not supported; use WSL or a Linux runner.\n")
    sys.exit(2)

from ci_secrets.cli.main import entry

entry()
