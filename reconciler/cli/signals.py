"""Ctrl-C, SIGTERM and a terminal that is closed: the first stops gently, the second at once.

Nothing is lost either way: what is true is in Azure, and the same command resumes. While nothing is
being written there is nothing to finish, so the first signal leaves at once. Who sends SIGTERM (a
container, a pipeline) sends SIGKILL soon after: a request that Azure does not answer by then is not
waited for. A terminal that is closed (SIGHUP) ends a run in the same way; under `nohup`, which has
the signal ignored, it goes on.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from reconciler.cli.bell import Bell
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from threading import Thread

CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HUNG_UP,
}
GRACE_S = 4.0
"""How long a gentle stop may take after SIGTERM; a container gives ten seconds or more."""
LAST_WORDS_S = 0.2
"""How long a stream may take what is said at the very end: nobody may read it any more."""
SHOW_CURSOR = "\x1b[?25h"


class Signals:
    """What the signals do at the moment."""

    def __init__(self) -> None:
        """Leave at once, until `guard` says that something is being written."""
        self.received: ExitCode | None = None
        self._stop: Event | None = None
        self._say: Callable[[str], None] = lambda _text: None
        self._under_way: Callable[[], Iterable[str]] = tuple
        self._telling: Thread | None = None
        self._bell: Bell | None = None
        self._instead: Callable[[int], None] | None = None

    def install(self) -> None:
        """Take over SIGINT, SIGTERM and SIGHUP, but for what whoever started us has ignored."""
        self._bell = Bell(self._heard)
        for number in CODES:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    def instead(self, do: Callable[[int], None]) -> None:
        """From now on let each signal be told to `do`, in a thread of its own, and nothing else."""
        self._instead = do

    def close(self) -> None:
        """Hear nothing any more: for who puts the handlers back."""
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def guard(
        self, stop: Event, say: Callable[[str], None], under_way: Callable[[], Iterable[str]]
    ) -> None:
        """From now on let the first signal set `stop` and say so; the second leaves.

        `under_way` returns the addresses that are worked on: who leaves names them.
        """
        self._stop, self._say, self._under_way = stop, say, under_way

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Ring, and take no lock: this runs in the middle of what the main thread does."""
        if self._instead is None and self._stop is None:
            self._leave(CODES[signal.Signals(number)])
        if self._bell is not None:
            self._bell.ring(number)

    def _heard(self, number: int) -> None:
        """Do what a signal asks for, in the thread of the bell."""
        from threading import Thread

        if self._instead is not None:
            Thread(target=self._instead, args=(number,), daemon=True).start()
            return
        code = CODES[signal.Signals(number)]
        if self._stop is None or self.received is not None:
            self._leave(code)
        self.received = code
        self._stop.set()
        if code is not ExitCode.INTERRUPTED:
            self._leave_after(GRACE_S, code)
        self._tell(
            "stopping: nothing new will be started; Azure continues what is already running "
            "(press Ctrl-C again to exit now)"
        )

    def _tell(self, text: str) -> Thread:
        """Say something in another thread: nobody may take it any more."""
        from threading import Thread

        self._telling = thread = Thread(target=self._say, args=(text,), daemon=True)
        thread.start()
        return thread

    def heard_out(self) -> None:
        """Wait a moment for what is being said: the run may end sooner than it is written."""
        if self._telling is not None:
            self._telling.join(LAST_WORDS_S)

    def _leave_after(self, seconds: float, code: ExitCode) -> None:
        """Leave when the run has not ended by then."""
        from threading import Timer

        timer = Timer(seconds, self._leave, (code,))
        timer.daemon = True
        timer.start()

    def _leave(self, code: ExitCode) -> NoReturn:
        """End the process now; name what was under way, if somebody reads it soon enough."""
        names = list(self._under_way())
        if names:
            text = (
                f"exited while these were still running: {', '.join(names)}; run again to continue"
            )
            self._tell(text).join(LAST_WORDS_S)
        leave(code)


def leave(code: ExitCode) -> NoReturn:
    """End the process now, without waiting for threads that talk to Azure."""
    try:
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), f"{SHOW_CURSOR}\n".encode())
        sys.stdout.flush()
    except (OSError, RuntimeError, ValueError):
        # A signal inside a write cannot flush again, a closed terminal takes nothing; what
        # is lost is only text.
        os._exit(code)
    os._exit(code)
