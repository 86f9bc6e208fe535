"""What there is to scan, opened: files, directories, archives, standard input, growing files."""

from ci_secrets.leaks.input.paths import Target, opened, sources, targets
from ci_secrets.leaks.input.source import Source

__all__ = ["Source", "Target", "opened", "sources", "targets"]
