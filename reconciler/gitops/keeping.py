"""The loop as a process: runner, reports, HTTP, and what each signal means."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from reconciler.diagnostics import ExitCode
from reconciler.gitops.config import LoopConfig
from reconciler.gitops.pass_ import World
from reconciler.gitops.runner import Runner, RunnerOptions
from reconciler.gitops.telling import Telling

LONGEST_END_S = 4.0
"""How long passes may take to end after SIGTERM; they write nothing more by then."""
LOOK_S = 0.05
On = Callable[[Callable[[int], None]], None]


def keep(config: LoopConfig, world: World, on_signal: On, *, only: Sequence[str] = ()) -> ExitCode:
    """Keep the specs until SIGTERM or Ctrl-C. SIGHUP asks for a look at all of them.

    Raises `LocalError` where it cannot listen.
    """
    telling = Telling(config, world.azure, lambda: runner.names)
    workers = ThreadPoolExecutor(config.limits.workers + 1, thread_name_prefix="loop")
    options = RunnerOptions(vitals=telling.vitals, only=only)
    runner = Runner(config, world, telling.reporter, workers, options)
    received = [signal.SIGTERM]

    def told(number: int) -> None:
        if number == signal.SIGHUP:
            runner.look()
            return
        received[0] = signal.Signals(number)
        runner.stop()

    on_signal(told)
    telling.start(runner.look, runner.look_at_source)
    runner.run()
    _end(runner, workers, telling)
    return ExitCode.INTERRUPTED if received[0] == signal.SIGINT else ExitCode.OK


def _end(runner: Runner, workers: ThreadPoolExecutor, telling: Telling) -> None:
    """Let the passes end, for as long as a container may take."""
    workers.shutdown(wait=False, cancel_futures=True)
    telling.stop()
    end = time.monotonic() + LONGEST_END_S
    while not runner.is_idle and time.monotonic() < end:
        time.sleep(LOOK_S)
