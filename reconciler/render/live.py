"""Progress for a terminal: what is being worked on, redrawn in place.

What has ended scrolls up as ordinary lines; below stay only the resources under way and
one line with the counts, so that it fits any terminal and a log of it reads well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from reconciler.engine.types import Action, Address, Outcome, Status
from reconciler.render.event_lines import STYLES as ENDINGS
from reconciler.render.plan_text import STYLES
from reconciler.render.terminal import Terminal, clean
from reconciler.render.words import DOING, duration, ended, size

if TYPE_CHECKING:
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
        self._console = terminal.console()
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            refresh_per_second=REFRESH_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveTable:
        """Start drawing."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and give the cursor back."""
        self._live.stop()

    def refresh(self) -> None:
        """Draw now."""
        self._live.refresh()

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
        self._console.print(self._ending(outcome), soft_wrap=True)

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

    def _ending(self, outcome: Outcome) -> Text:
        from rich.text import Text

        style = ENDINGS.get(outcome.status)
        text = Text.assemble(
            (f"{outcome.action.sign:>3} ", STYLES[outcome.action].value),
            (clean(outcome.address), "bold"),
            " ",
            (ended(outcome), style.value if style else ""),
            (f"  {duration(outcome.elapsed_s)}", "dim"),
        )
        _link(text, outcome.link)
        return text

    def _drawn(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            work, count, failed = list(self._work.values()), self._ended, self._failed
        # One row is kept for the counts, one for the cursor, one for what just scrolled.
        room = max(1, self._console.size.height - 3)
        table = Table.grid(padding=(0, 1), expand=False)
        for _column in range(4):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for item in work[:room]:
            table.add_row(*self._row(item))
        more = f", {len(work) - room} more under way" if len(work) > room else ""
        wrong = f", {failed} failed" if failed else ""
        elapsed = duration(self._now() - self._began)
        closing = f"    {count} of {self._total} done{wrong}{more}  {elapsed}"
        return Group(table, Text(closing, style="dim", no_wrap=True, overflow="ellipsis"))

    def _row(self, item: Work) -> list[Text]:
        from rich.text import Text

        address = Text(clean(item.address), style="bold", overflow="ellipsis")
        _link(address, item.link)
        message = Text(clean(item.message), overflow="ellipsis")
        if item.total:
            share = min(1.0, item.done / item.total)
            full = round(share * BAR_WIDTH)
            bar = f"[{'#' * full}{'.' * (BAR_WIDTH - full)}] {share:4.0%} of {size(item.total)} "
            message = Text.assemble((bar, "cyan"), message)
        return [
            Text(f"{item.action.sign:>3}", style=STYLES[item.action].value),
            address,
            Text(DOING[item.action]),
            Text(duration(self._now() - item.began), style="dim"),
            message,
        ]


def _link(text: Text, link: str) -> None:
    """Make the text a link in terminals that know them; only to web addresses."""
    if link.startswith("https://") and clean(link) == link and " " not in link:
        text.stylize(f"link {link}")
