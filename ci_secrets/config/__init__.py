"""Reads what people wrote: ci-secrets.yaml, and the syntaxes that they already have."""
