"""Where text meets a stream: the only module that knows colour, width and control characters.

Views build `Line`s of styled spans. A terminal writes them wrapped and coloured; a pipe
gets the same words, one line each, never broken. rich is imported only for a terminal.
"""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, cast

from reconciler.render.fence import fenced_document, fenced_line, fenced_text
from reconciler.render.lines import Line, Span, Style, windowed, wrapped
from reconciler.secrets import scrub

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.render.runner_commands import Command

__all__ = ["Line", "Span", "Style", "Terminal", "clean", "clean_lines", "line", "step"]

NOBODY_READS = (errno.EPIPE, errno.EIO)
"""A pipe whose reader has left; a terminal that was closed."""
MIN_WIDTH = 40
MAX_WIDTH = 120
WIDEST_CUT = 166
"""How wide a line with a focus may be where nothing is wrapped."""


def line(*parts: str | Span, hang: int = 0) -> Line:
    """Build a line from plain text and spans."""
    return Line(tuple(Span(p) if isinstance(p, str) else p for p in parts), hang)


def step(text: str) -> list[Line]:
    """Return the line that says what to type next; none when there is nothing to say."""
    return [Line((Span(clean(text)),), solid=True)] if text else []


_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def clean(text: object) -> str:
    """Return one line of text that cannot steer a terminal.

    Control, bidirectional and invisible characters become visible escapes. Commands of build
    servers are broken (`fence`), here as well as by the stream, for text that bypasses ours.
    """
    shown = _HIDDEN.sub(lambda match: _escape(match[0]), scrub(str(text)))
    return fenced_text(shown)


def clean_lines(text: str) -> str:
    """Return text of several lines, each of them clean; for what somebody else wrote."""
    return "\n".join(map(clean, text.splitlines()))


def _escape(character: str) -> str:
    named = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}.get(character)
    code = ord(character)
    return named or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def wants_colour(choice: str, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether to colour: `--color` first, then NO_COLOR, FORCE_COLOR, TERM, the stream."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    forced = (environment.get(name, "") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if any(value not in ("", "0") for value in forced):
        return True
    return is_terminal and environment.get("TERM") != "dumb"


class Terminal:
    """One output stream. `width` is None where lines must not be wrapped."""

    def __init__(
        self,
        stream: TextIO,
        *,
        colour: bool = False,
        width: int | None = None,
        is_data: bool = True,
    ) -> None:
        """Write to `stream` as told. What `is_data` must be written, or the command failed."""
        self.stream = stream if is_data else cast("TextIO", Expendable(stream))
        self.colour = colour
        self.width = width

    @classmethod
    def of(cls, stream: TextIO, choice: str = "auto") -> Terminal:
        """Return the terminal for a standard stream, by the environment and `--color`."""
        is_terminal = stream.isatty()
        width = None
        if is_terminal:
            width = min(max(shutil.get_terminal_size().columns, MIN_WIDTH), MAX_WIDTH)
        colour = wants_colour(choice, os.environ, is_terminal=is_terminal)
        return cls(stream, colour=colour, width=width, is_data=stream is not sys.stderr)

    @property
    def is_live(self) -> bool:
        """Whether it can redraw what it has written."""
        return self.width is not None and os.environ.get("TERM") != "dumb"

    def write(self, lines: Iterable[Line]) -> None:
        """Write lines, each with its newline."""
        shown = [fenced_line(part) for item in lines for part in self.fitted(item)]
        if self.colour:
            self._write_coloured(shown)
        else:
            self._emit("".join(f"{item.text}\n" for item in shown))

    def say(self, text: str, style: Style = Style.PLAIN) -> None:
        """Write one line in one style."""
        self.write([line(Span(text, style))])

    def raw(self, text: str) -> None:
        """Write a finished document (JSON, Markdown, a schema) as it is; nothing if empty."""
        shown = fenced_document(text)
        self._emit(shown if shown.endswith("\n") or not shown else f"{shown}\n")

    def command(self, command: Command) -> None:
        """Write a command to the build server, on a line of its own; its values stay values."""
        self._emit(f"{command.text(clean)}\n")

    def console(self) -> Console:
        """Return rich's console over the same stream, for a live display."""
        return _console(self.stream, colour=self.colour, width=self.width)

    def _write_coloured(self, lines: Iterable[Line]) -> None:
        from rich.text import Text

        buffer = io.StringIO()
        console = _console(buffer, colour=True, width=10**6)
        for item in lines:
            text = Text.assemble(*((s.text, s.style.value) for s in item.spans))
            console.print(text, soft_wrap=True)
        self._emit(buffer.getvalue())

    def _emit(self, text: str) -> None:
        """Write; when nobody reads any more, drop everything: the work itself goes on."""
        try:
            self.stream.write(scrub(text))
            self.stream.flush()
        except OSError as error:
            if error.errno not in NOBODY_READS:
                raise
            drop(self.stream)

    def refit(self) -> None:
        """Take over the width that the terminal has by now; keep it where it cannot be asked."""
        if self.width is None or not self.stream.isatty():
            return
        with suppress(OSError):  # io.UnsupportedOperation too: a stream without a descriptor
            columns = os.get_terminal_size(self.stream.fileno()).columns
            self.width = min(max(columns, MIN_WIDTH // 2), MAX_WIDTH)

    def fitted(self, item: Line) -> list[Line]:
        """Return a line as the lines that fit the width; as it is where nothing is wrapped."""
        if item.focus is not None:
            return [windowed(item, item.focus, self.width or WIDEST_CUT)]
        if self.width is None or item.solid or len(item.text) <= self.width // 2:
            return [item]
        return wrapped(item, self.width)


class Expendable(io.TextIOBase):
    """Standard error: what cannot be written there (a full disk, a closed terminal) is dropped.

    Progress is not worth a run. rich writes through it too: left alone, it answers a broken
    pipe by closing standard *output* and raising SystemExit in whichever thread it is.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream` for as long as that works."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop."""
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        with self._dropping():
            self._stream.flush()

    def isatty(self) -> bool:
        """Return what the stream says."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the stream's."""
        return self._stream.fileno()

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            drop(self._stream)


def drop(stream: TextIO) -> None:
    """Let all that is and will be written to a stream go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _console(stream: TextIO, *, colour: bool, width: int | None) -> Console:
    from rich.console import Console

    return Console(
        file=stream,
        force_terminal=True,
        color_system="standard" if colour else None,
        no_color=not colour,
        width=width,
        markup=False,
        highlight=False,
        emoji=False,
    )
