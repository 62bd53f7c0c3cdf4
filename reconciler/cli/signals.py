"""Ctrl-C and SIGTERM: the first stops gently, the second at once.

Nothing is lost either way: what is true is in Azure, and the same command resumes. While
nothing is being written there is nothing to finish, so the first signal leaves at once.
Who sends SIGTERM (a container, a pipeline) sends SIGKILL soon after: a request that Azure
does not answer by then is not waited for.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from threading import Event
from types import FrameType
from typing import NoReturn

from reconciler.diagnostics import ExitCode

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
GRACE_S = 4.0
"""How long a gentle stop may take after SIGTERM; a container gives ten seconds or more."""
SHOW_CURSOR = "\x1b[?25h"


class Signals:
    """What the two signals do at the moment."""

    def __init__(self) -> None:
        """Leave at once, until `guard` says that something is being written."""
        self.received: ExitCode | None = None
        self._stop: Event | None = None
        self._say: Callable[[str], None] = lambda _text: None

    def install(self) -> None:
        """Take over SIGINT and SIGTERM."""
        for number in CODES:
            signal.signal(number, self._handle)

    def guard(self, stop: Event, say: Callable[[str], None]) -> None:
        """From now on let the first signal set `stop` and say so; the second leaves."""
        self._stop, self._say = stop, say

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        code = CODES[signal.Signals(number)]
        if self._stop is None or self.received is not None:
            leave(code)
        self.received = code
        self._stop.set()
        if code is ExitCode.TERMINATED:
            _leave_after(GRACE_S, code)
        # A handler may interrupt a thread that holds a stream's lock: another thread writes.
        from threading import Thread

        text = (
            "stopping: nothing new is started; what Azure is working on goes on there "
            "(press Ctrl-C again to leave at once)"
        )
        Thread(target=self._say, args=(text,), daemon=True).start()


def _leave_after(seconds: float, code: ExitCode) -> None:
    """Leave when the run has not ended by then."""
    from threading import Timer

    timer = Timer(seconds, leave, (code,))
    timer.daemon = True
    timer.start()


def leave(code: ExitCode) -> NoReturn:
    """End the process now, without waiting for threads that talk to Azure."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), f"{SHOW_CURSOR}\n".encode())
    try:
        sys.stdout.flush()
    except (OSError, RuntimeError, ValueError):
        # A signal inside a write cannot flush again; what is lost is only text.
        os._exit(code)
    os._exit(code)
