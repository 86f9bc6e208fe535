"""A Vault-compatible development server, in memory, on loopback."""

from ci_secrets.testing.vault.server import DevVault, Seen

__all__ = ["DevVault", "Seen"]
