"""From the command line to what the job wants; shared by the commands that open or close a run."""

import argparse
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ci_secrets.job.opening import Wanted

STORE: Final = (
    "config", "secrets", "url", "role", "method", "mount", "namespace", "audience", "ca-file",
)  # fmt: skip
IDENTITY: Final = ("platform", "id-token-env", "id-token-file", "run-id")
RUN: Final = ("audit-file", "state-dir", "require-proof")


def wanted(arguments: argparse.Namespace) -> "Wanted":
    """What the options say; a command may declare fewer of `STORE` and `RUN`."""
    # NOTE: here, so that `--help` and what `activate` prints do not pay for it
    from ci_secrets.config.load import Options
    from ci_secrets.job.opening import Wanted
    from ci_secrets.platforms.interface import IdentityOptions

    fields = {name.replace("-", "_") for name in STORE} & vars(arguments).keys()
    options: dict[str, Any] = {name: getattr(arguments, name) for name in fields}
    return Wanted(
        platform=arguments.platform,
        config=Options(**options),
        identity=IdentityOptions(
            id_token_env=arguments.id_token_env,
            id_token_file=arguments.id_token_file,
            run_id=arguments.run_id,
        ),
        state_dir=arguments.state_dir,
        audit_file=getattr(arguments, "audit_file", None),
        require_proof=getattr(arguments, "require_proof", False),
        heartbeat_ttl=getattr(arguments, "heartbeat_ttl", None),
    )
