"""ci-secrets: short-lived credentials for a pipeline, shown to nobody, gone when the job ends."""

__version__ = "0.1.0"
