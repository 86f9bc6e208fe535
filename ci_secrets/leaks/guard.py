"""Redacts a stream, and looks at what it let through for disguises that only a scan can see."""

from collections.abc import Mapping
from dataclasses import replace

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret


class Guard:
    """A `Redactor` with a `Scanner` behind it. Not safe for use by several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._redactor = Redactor(engine)
        self._scanner = Scanner(engine, redacted=True)

    def feed(self, data: bytes) -> bytes:
        """The next bytes of the stream. Returns those that are ready to be written."""
        return self._seen(self._redactor.feed(data))

    def idle(self) -> bytes:
        """What need not wait any longer, now that the stream pauses."""
        return self._seen(self._redactor.idle())

    def finish(self) -> bytes:
        """What was held back, for the text ends here."""
        return self._seen(self._redactor.finish())

    def add(self, known: Mapping[str, Secret]) -> None:
        """Hide more values from here on, also in what is still held."""
        self._redactor.add(known)
        self._scanner.know(self._redactor.engine)

    def report(self, source: str) -> Report:
        """What was found; `contained` where all of it was redacted. Complete after `finish`.

        Its places are those of the output, which is what people see.
        """
        left = self.left(source)
        contained = self._redactor.report(source, self._scanner.masks)
        return replace(
            contained,
            findings=contained.findings + left.findings,
            skipped=tuple(dict.fromkeys(contained.skipped + left.skipped)),
            contained=not left.findings and not left.unlisted,
            unlisted=contained.unlisted or left.unlisted,
        )

    def left(self, source: str) -> Report:
        """What was not redacted, for only a scan can see it; to be asked after `finish`."""
        self._scanner.finish()
        return self._scanner.report(source)

    def _seen(self, ready: bytes) -> bytes:
        self._scanner.feed(ready)
        return ready
