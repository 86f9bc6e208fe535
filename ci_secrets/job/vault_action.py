"""`exchange` as a step of hashicorp/vault-action asks for it; `finish` closes it as any other."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ci_secrets import disk, platforms
from ci_secrets.config import vault_action
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError
from ci_secrets.job import places
from ci_secrets.job.exchange import Handover
from ci_secrets.job.exchange import exchange as exchanged
from ci_secrets.job.opening import Wanted
from ci_secrets.secret import Secret

CERTIFICATES = "tls"
"""Folder of the PEM files, beside the state; `finish` needs them, so its caller deletes them."""


def exchange(wanted: Wanted, environment: Mapping[str, str], console: Console) -> int:
    """Open a run as the inputs say; what fails is the output `errorMessage` as well."""
    platform = platforms.detect(environment, wanted.platform, wanted.identity)
    console.annotate = platform.annotate
    certificates = places.base(wanted, platform) / CERTIFICATES

    def keep(name: str, pem: bytes) -> Path:
        path = disk.private_directory(certificates) / name
        disk.write_private(path, pem)
        return path

    try:
        asked = vault_action.read(environment, keep)
        handover = Handover(
            export_env=asked.export_env,
            export_token=asked.export_token,
            output_token=asked.output_token,
        )
        return exchanged(replace(wanted, config=asked.config), handover, environment, console)
    except CiSecretsError as failure:
        with contextlib.suppress(CiSecretsError):  # what failed first is what is told
            platform.write_outputs([("errorMessage", Secret(failure.what))])
        raise
