"""A program in the place of a CI's own, made from its documentation."""

import os
import shlex
from pathlib import Path


class Stub:
    """Writes down its arguments, stdin and environment; prints `out`, says `says`, ends."""

    def __init__(
        self, folder: Path, name: str, *, out: str = "", says: str = "", code: int = 0
    ) -> None:
        self._folder = folder / "stub"
        self._folder.mkdir()
        program = self._folder / name
        seen = shlex.quote(str(self._folder))
        program.write_text(
            "#!/bin/sh\n"
            f'for word; do printf "%s\\n" "$word"; done > {seen}/words\n'
            f"cat > {seen}/stdin\n"
            f"env > {seen}/environment\n"
            f"printf %s {shlex.quote(out)}\n"
            f"printf %s {shlex.quote(says)} >&2\n"
            f"exit {code}\n"
        )
        program.chmod(0o755)
        self.path = {"PATH": f"{self._folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}

    def words(self) -> list[str]:
        """Give the arguments that it was called with; none: it was not."""
        return self._seen("words").splitlines()

    def stdin(self) -> str:
        """Give what it read."""
        return self._seen("stdin")

    def environment(self) -> set[str]:
        """Give the names of the variables that it saw."""
        return {line.partition("=")[0] for line in self._seen("environment").splitlines()}

    def _seen(self, what: str) -> str:
        file = self._folder / what
        return file.read_text() if file.exists() else ""
