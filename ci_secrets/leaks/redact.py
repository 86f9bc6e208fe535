"""Replaces known values, in every form, by `***` while text streams past, and reports them."""

import time
from collections.abc import Mapping
from operator import itemgetter
from typing import Final

from ci_secrets.leaks.disguise import as_it_stands, signs_of
from ci_secrets.leaks.excerpt import MARK, NO_MASKS, Excerpt, Excerpts, Masks
from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.leaks.forms.wide import WIDEST, as_wide, like
from ci_secrets.leaks.held import Held
from ci_secrets.leaks.index import SHORT, Hit
from ci_secrets.leaks.listed import Listed
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.needles import Needle
from ci_secrets.leaks.stretch import Span, Stretch, Stretches, to_finding
from ci_secrets.secret import Secret

_PIECE: Final = 128 * 1024


class Redactor:
    """One stream: `feed` its bytes in pieces of any size, write what comes back, then `finish`.

    The output does not depend on the pieces. What is held back is the longest end of the text
    that some needle begins with, as it is or torn, and an escape sequence that has begun: at most
    `BOUND` bytes, 8 for each byte of the longest needle, and `LONGEST`. A value torn over more is
    left to the scan. Values that touch or overlap become one `***`, in UTF-16 where they are. Not
    safe for use by several threads at once.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        """What is hidden."""
        self._lanes = engine.lanes()
        self._held = Held()
        self._open_ends: list[tuple[int, bytes, Needle]] = []
        """Where needles end that have signs behind their last letter, which may still come."""
        self._stretches = Stretches()
        """Not yet followed by text that is certain to stay clear."""
        self._excerpts = Excerpts()
        self._line_breaks = 0
        """Those that were not written, for they stood in values."""
        self._found: list[tuple[Span, Excerpt]] = []
        self._listed = Listed()
        self._seconds = 0.0

    def feed(self, data: bytes) -> bytes:
        """The next bytes of the stream. Returns those that are ready to be written."""
        began = time.perf_counter()
        out: list[bytes] = []
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            self._held.text += piece
            self._note(self._lanes.feed(piece))
            self._end_with_signs(final=False)
            self._emit(self._lanes.settled(signs=self._signs), out)
        self._seconds += time.perf_counter() - began
        return b"".join(out)

    def idle(self) -> bytes:
        """What need not wait any longer, now that the stream pauses.

        Held on to is what begins like a value by `SHORT` bytes or more: it waits for what comes.
        """
        out: list[bytes] = []
        self._end_with_signs(final=True)
        self._emit(self._lanes.settled(SHORT, self._signs), out)
        return b"".join(out)

    def finish(self) -> bytes:
        """What was held back, for the text ends here.

        More may be fed: of a value whose beginning has left by then, the rest is hidden.
        """
        out: list[bytes] = []
        self._note(self._lanes.close())
        self._end_with_signs(final=True)
        self._emit(self._held.end, out)
        for stretch in self._stretches:
            self._close(stretch)
        self._stretches.clear()
        return b"".join(out)

    def add(self, known: Mapping[str, Secret]) -> None:
        """Hide more values from here on, also in what is still held.

        Of a value whose beginning has already left, the rest is hidden.
        """
        engine = self.engine.extended(known)
        if engine is self.engine:
            return
        self.engine = engine
        past = self._held.past
        self._lanes = engine.lanes(self._held.base - len(past))
        text = past + self._held.text
        self._note(self._lanes.feed(text))
        self._end_with_signs(final=False)

    def report(self, source: str, masks: Masks | None = None) -> Report:
        """What was found so far, all of it redacted; complete after `finish`.

        Its places are those of the stream as it came in. With `masks`, of what was found in the
        output, they are those of the output, and no line shows what these hide.
        """
        file = hidden(self.engine, source)
        findings = (
            # NOTE: hidden once more, for it may hold a value that was added after it was printed
            to_finding(
                span if masks is None else _written(span, excerpt),
                excerpt.sides(masks or NO_MASKS, lambda text: reported(self.engine, text)),
                file,
            )
            for span, excerpt in self._found
        )
        return Report(
            findings=tuple(sorted(findings, key=lambda one: (one.line, one.column))),
            coverage=(Coverage(source=file, state="complete"),),
            skipped=self.engine.skipped + self._listed.note(file),
            bytes=self._held.end,
            lines=self._held.lines,
            seconds=self._seconds,
            contained=True,
            unlisted=self._listed.unlike,
        )

    def _note(self, hits: list[Hit]) -> None:
        """Let each hit become part of the stretch that it touches, or a new one."""
        hits.sort(key=itemgetter(0))
        held = self._held
        latest = None
        for hit in hits:
            if latest and hit.needle is latest.needle and hit[:2] == latest[:2]:
                continue  # NOTE: both lanes have found it
            latest = hit
            start = max(hit.start, held.base)
            if hit.end <= start:
                continue  # NOTE: all of it has left
            there = held.slice(start, hit.end)
            needle = hit.needle
            if there != needle.pattern:
                before, behind = signs_of(needle)
                needle = as_it_stands(needle, there)
                if held.ends_with(before, start):
                    start -= len(before)
                if behind:
                    self._open_ends.append((hit.end, behind, needle))
            self._hide(start, hit.end, needle)

    def _hide(self, start: int, end: int, needle: Needle) -> None:
        self._stretches.touched(start, end).add(needle, start, end, self._held.place)

    def _signs(self, at: int) -> int:
        """See `Lanes.settled`."""
        held = self._held
        return next((len(one) for one in self.engine.signs if held.ends_with(one, at)), 0)

    def _end_with_signs(self, *, final: bool) -> None:
        """Hide the signs behind the last letter of what was found, as they come."""
        held, waiting = self._held, []
        for end, behind, needle in self._open_ends:
            there = held.slice(end, min(held.end, end + len(behind)))
            if not behind.startswith(there):
                continue
            if final or there == behind:
                self._hide(end, end + len(there), needle)
            else:
                waiting.append((end, behind, needle))
        self._open_ends = waiting

    def _emit(self, settled: int, out: list[bytes]) -> None:
        """Write everything before `settled`: no hit to come starts there."""
        held = self._held
        settled = min([settled, *(end for end, _, _ in self._open_ends)])
        at = held.base
        closed = 0
        for stretch in self._stretches:
            if stretch.start >= settled:
                break
            self._clear(at, stretch.start, out)
            if not stretch.begun:
                stretch.begun = True
                stretch.line = held.place(stretch.start).line
                written = stretch.line - self._line_breaks
                mark = self._mark(stretch)
                stretch.excerpt = self._excerpts.mark(written, mark)
                out.append(mark)
            at = max(at, min(stretch.end, settled))
            if stretch.end >= settled:
                break  # NOTE: what comes next may touch it and belong to the same `***`
            self._close(stretch)
            closed += 1
        del self._stretches[:closed]
        self._clear(at, settled, out)
        if settled > held.base:
            held.drop(settled)

    def _mark(self, stretch: Stretch) -> bytes:
        """What is written for it: `***`, in the charset of what stands there."""
        for needle in stretch.first():
            if needle.form[:1] == ("utf-16",):
                return as_wide(MARK, needle.pattern)
        end = min(stretch.end, stretch.start + WIDEST)
        return like(MARK, self._held.slice(stretch.start, end))

    def _clear(self, start: int, end: int, out: list[bytes]) -> None:
        if start < end:
            text = self._held.slice(start, end)
            self._excerpts.clear(text)
            out.append(text)

    def _close(self, stretch: Stretch) -> None:
        self._line_breaks += self._held.place(stretch.end).line - stretch.line
        self._listed.others |= stretch.unlisted
        for span in stretch.findings():
            needle = span.needle
            if self._listed.takes(needle.owner, (needle.secret, *needle.form)) and stretch.excerpt:
                self._found.append((span, stretch.excerpt))


def _written(span: Span, excerpt: Excerpt) -> Span:
    """The span as it stands in the output: a `***`."""
    return Span(span.needle, excerpt.place, excerpt.place._replace(offset=excerpt.end))


def redacted(engine: Engine, text: bytes) -> bytes:
    """A text that is whole, with every needle replaced by `***`."""
    if not engine.may_show(text):
        return text  # NOTE: the name of a file, as a rule
    redactor = Redactor(engine)
    return redactor.feed(text) + redactor.finish()


def hidden(engine: Engine, text: str) -> str:
    """The same of what others wrote, such as a path or a reason."""
    shown = redacted(engine, text.encode("utf-8", "surrogateescape"))
    return shown.decode("utf-8", "surrogateescape")


def reported(engine: Engine, text: bytes) -> bytes:
    """A text beside a finding, as a report shows it: without any piece of a value either."""
    text = redacted(engine, text)
    for shelf in engine.shelves:
        text = shelf.pieces.hide(text)
    return text
