"""Wall time of `exec -- true` for 1, 10 and 50 secrets, beside plain hvac that calls in sequence.

Every answer of the server is held back by 20 ms. The peer makes the same calls: login, reads,
look-up, revoke, look-up.
"""

import tempfile
from pathlib import Path

from benchmarks.timing import PYTHON, TOOL, ratio, row
from ci_secrets.testing.ci import ci_environment
from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault.server import DevVault

AIMS = {1: 1.5, 10: 1.0, 50: 0.35}
_POLICY = 'path "secret/data/*" { capabilities = ["read"] }'
_PEER = """
import subprocess, sys
import hvac
url, token_file, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = hvac.Client(url=url)
client.auth.jwt.jwt_login(role="bench", jwt=open(token_file).read())
for number in range(count):
    client.secrets.kv.v2.read_secret_version(f"bench/{number}", raise_on_deleted_version=True)
client.auth.token.lookup_self()
subprocess.run(["true"], check=True)
client.auth.token.revoke_self()
try:
    client.auth.token.lookup_self()
except hvac.exceptions.Forbidden:
    pass
else:
    raise SystemExit("still alive")
"""


def main() -> None:
    """Print a ratio for each number of secrets."""
    print("\nexec -- true, 20 ms round trips, beside hvac in sequence with the same calls")
    with tempfile.TemporaryDirectory() as folder, Issuer() as issuer, DevVault() as vault:
        vault.trust(issuer)
        vault.policy("bench", _POLICY)
        vault.jwt_role("bench", token_policies=["bench"])
        for number in range(max(AIMS)):
            vault.put_secret(f"secret/bench/{number}", value=f"value-of-secret-{number}")
        vault.delay_seconds = 0.020
        for count, aim in AIMS.items():
            _measure(Path(folder) / str(count), issuer, vault, count, aim)


def _measure(folder: Path, issuer: Issuer, vault: DevVault, count: int, aim: float) -> None:
    folder.mkdir()
    stand = ci_environment("generic", folder, issuer, audience=vault.url, token_in_file=True)
    token_file = stand.env["CI_SECRETS_ID_TOKEN_FILE"]
    lines = "".join(f"secret/data/bench/{number} value | V{number};" for number in range(count))
    ours = [TOOL, "exec", "--url", vault.url, "--role", "bench", "--secrets", lines, "--", "true"]
    peer = [PYTHON, "-I", "-c", _PEER, vault.url, token_file, str(count)]
    row(f"{count} secret{'s' if count > 1 else ''}", ratio(ours, peer, stand.env), aim)
