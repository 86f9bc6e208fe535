"""The real servers tests talk to: Vault, PostgreSQL, and a stub of Kubernetes' TokenReview.

Each is a context manager on a free loopback port with folders and passwords of its own, and ends
only processes that it started. `tests/real/install` (`make real`) fetches what they run.
"""

from tests.real.servers.kubernetes import TokenReviewStub, kubernetes_auth
from tests.real.servers.postgres import LOGIN_ROLE, PostgresServer, database_engine, find_postgres
from tests.real.servers.process import ServerError, free_port
from tests.real.servers.vault import ClientCertificate, VaultServer, find_vault, real_dir

__all__ = [
    "LOGIN_ROLE",
    "ClientCertificate",
    "PostgresServer",
    "ServerError",
    "TokenReviewStub",
    "VaultServer",
    "database_engine",
    "find_postgres",
    "find_vault",
    "free_port",
    "kubernetes_auth",
    "real_dir",
]
