"""Embedded parts for demos and tests: an OIDC issuer, a Vault-compatible server, CI stands."""
