"""Progress for a terminal: what is being worked on, redrawn in place.

What has ended scrolls up as ordinary lines; below stay only the resources under way and
one line with the counts, so that it fits any terminal and a log of it reads well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, RLock, Thread
from typing import TYPE_CHECKING, Any

from reconciler.engine.types import Action, Address, Outcome, Status
from reconciler.render.event_lines import STYLES as ENDINGS
from reconciler.render.plan_text import STYLES
from reconciler.render.terminal import Line, Span, Style, Terminal, clean, line
from reconciler.render.words import DOING, duration, ended, size

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

BAR_WIDTH = 12
REFRESH_PER_S = 8


@dataclass(frozen=True)
class Work:
    """One resource under way."""

    address: Address
    action: Action
    began: float
    message: str = ""
    link: str = ""
    done: int = 0
    total: int = 0


class LiveTable:
    """Watches an apply and draws it; a context manager, safe to call from any thread."""

    def __init__(
        self, terminal: Terminal, total: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Expect `total` resources to be worked on. `now` returns seconds."""
        from rich.live import Live

        self._now = now
        self._began = now()
        self._total = total
        self._ended = 0
        self._failed = 0
        self._work: dict[Address, Work] = {}
        self._lock = Lock()
        # One draws at a time: rich's own thread moves the cursor by rows that a print replaces.
        self._drawing = RLock()
        self._over = Event()
        self._ticker = Thread(target=self._tick, name="live table", daemon=True)
        self._terminal = terminal
        self._console = terminal.console()
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveTable:
        """Start drawing."""
        self._live.start()
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and give the cursor back."""
        self._over.set()
        self._ticker.join()
        self._live.stop()

    def refresh(self) -> None:
        """Draw now."""
        with self._drawing:
            self._live.refresh()

    def _tick(self) -> None:
        while not self._over.wait(1 / REFRESH_PER_S):
            self.refresh()

    def started(self, address: Address, action: Action) -> None:
        """Add a resource to the table."""
        with self._lock:
            self._work[address] = Work(address, action, self._now())

    def finished(self, outcome: Outcome) -> None:
        """Take a resource out of the table and leave a line about it."""
        with self._lock:
            self._work.pop(outcome.address, None)
            self._ended += 1
            self._failed += outcome.status in (Status.FAILED, Status.REFUSED)
        with self._drawing:
            self._refit()
            for row in self._ending(outcome):
                self._console.print(row, soft_wrap=True)

    def say(self, address: Address, message: str, *, link: str = "") -> None:
        """Show a message, and the link if there is one, beside the resource."""
        self._change(address, message=message, **({"link": link} if link else {}))

    def bytes(self, address: Address, done: int, total: int) -> None:
        """Show a bar for an upload or download."""
        self._change(address, done=done, total=total)

    def _change(self, address: Address, **values: Any) -> None:
        with self._lock:
            if address in self._work:
                self._work[address] = replace(self._work[address], **values)

    def _ending(self, outcome: Outcome) -> list[Text]:
        """Return what stays on the screen of a resource that ended."""
        text = line(
            Span(f"{outcome.action.sign:>3} ", STYLES[outcome.action]),
            Span(clean(outcome.address), Style.STRONG),
            " ",
            Span(ended(outcome), ENDINGS.get(outcome.status, Style.PLAIN)),
            Span(f" ({duration(outcome.elapsed_s)})", Style.QUIET),
            hang=6,
        )
        return [_linked(_text(row), outcome.link) for row in self._terminal.fitted(text)]

    def _drawn(self) -> Group:
        """Return the resources under way, as many as fit, and the counts."""
        from rich.console import Group

        self._refit()
        with self._lock:
            work, count, failed = list(self._work.values()), self._ended, self._failed
        # One row is kept for the counts, one for the cursor, one for what just scrolled.
        room = max(1, self._console.size.height - 3)
        width = self._console.width
        longest = max((len(clean(item.address)) for item in work[:room]), default=0)
        rows = [self._row(item, min(longest, width // 2), width) for item in work[:room]]
        more = f", {len(work) - room} more in progress" if len(work) > room else ""
        wrong = f", {failed} failed" if failed else ""
        elapsed = duration(self._now() - self._began)
        closing = f"    {count} of {self._total} done{wrong}{more}  {elapsed}"
        return Group(*rows, _cut(_text(line(Span(closing, Style.QUIET))), width))

    def _refit(self) -> None:
        """Draw for the width that the terminal has now: a row that is too wide would wrap,
        and each refresh would leave a part of it behind.
        """
        self._terminal.refit()
        if self._terminal.width:
            self._console.width = self._terminal.width

    def _row(self, item: Work, address_width: int, width: int) -> Text:
        """Return a resource in columns: sign, address, doing what, for how long, last message."""
        elapsed = duration(self._now() - item.began)
        name = _shortened(clean(item.address), address_width)
        parts: list[str | Span] = [
            Span(f"{item.action.sign:>3} ", STYLES[item.action]),
            Span(f"{name:<{address_width}}", Style.STRONG),
            f" {DOING[item.action]:<9} ",
            Span(f"{elapsed:>6} ", Style.QUIET),
        ]
        if item.done < item.total:
            share = item.done / item.total
            bar = "#" * round(share * BAR_WIDTH)
            parts.append(
                Span(f"[{bar:.<{BAR_WIDTH}}] {share:4.0%} of {size(item.total)} ", Style.RUN)
            )
        return _linked(_cut(_text(line(*parts, clean(item.message))), width), item.link)


def _text(item: Line) -> Text:
    """Return a line as rich's text."""
    from rich.text import Text

    spans = ((span.text, span.style.value) for span in item.spans)
    return Text.assemble(*spans, no_wrap=True, overflow="ellipsis")


def _cut(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    text.rstrip()
    return text


def _shortened(text: str, width: int) -> str:
    """Return text that fits, cut in the middle: both ends of an address tell things apart."""
    if len(text) <= width:
        return text
    tail = max(1, width // 2 - 3)
    return f"{text[: width - tail - 3]}...{text[-tail:]}"


def _linked(text: Text, link: str) -> Text:
    """Make the text a link in terminals that know them; only to web addresses."""
    if link.startswith("https://") and clean(link) == link and " " not in link:
        text.stylize(f"link {link}")
    return text
