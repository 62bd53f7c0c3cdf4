"""A runner on a clock of its own: days pass in seconds, here and in the sandbox alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Wake
from typing import Any

from reconciler.gitops.config import LoopConfig
from reconciler.gitops.feed_watch import FeedWatch
from reconciler.gitops.folder import Folder
from reconciler.gitops.pass_ import World
from reconciler.gitops.ports import Source
from reconciler.gitops.records import Condition, Event, PassEnd, Revision, Tree
from reconciler.gitops.report import Reporter
from reconciler.gitops.runner import Runner, RunnerOptions
from tests.support.azure import Azure
from tests.support.one_spec import OneSpec

START = datetime(2026, 11, 30, 8, tzinfo=UTC)


class Inline(Executor):
    """Does what is submitted at once: a worker that needs no thread."""

    def submit(self, fn: Callable[..., Any], /, *words: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*words, **named))
        return future


class VirtualClock:
    """Time that passes when somebody waits, in the sandbox too."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self.time = START

    def now(self) -> datetime:
        return self.time

    def wait(self, wake: Wake, seconds: float) -> None:
        self.passes(seconds)

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        if seconds:
            self._azure.control("POST", "clock", {"advance": seconds})


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.ends: list[PassEnd] = []
        self.events: list[Event] = []

    def passed(self, end: PassEnd) -> None:
        self.ends.append(end)

    def happened(self, event: Event) -> None:
        self.events.append(event)


class Judged(Folder):
    """A folder whose revisions are signed as the test says."""

    judge: Callable[[Revision], Condition] | None = None

    def verified(self, tree: Tree) -> Condition:
        return self.judge(tree.revision) if self.judge else super().verified(tree)


class VirtualLoop:
    """A runner over the files of a folder, with what it told."""

    def __init__(self, one: OneSpec, source: Source | None = None, **config: Any) -> None:
        self.one, self.azure = one, one.azure
        self.folder: Path = one.folder
        self.clock = VirtualClock(self.azure)
        self.heard = Heard()
        self.feed: FeedWatch | None = config.pop("feed", None)
        self._config = config
        self.source = source or Judged(str(self.folder))
        self.runner = self._made()

    def _made(self) -> Runner:
        specs = self._config.pop("specs", [{"name": "small", "path": "smallest.yaml"}])
        text = {"version": 1, "source": {"folder": str(self.folder)}, "specs": specs}
        config = LoopConfig.model_validate({**text, **self._config})
        world = World(self.azure.process, self.source, self.clock.now, feed=self.feed)
        options = RunnerOptions(self.clock, lambda: 0.5)
        return Runner(config, world, Reporter(self.heard), Inline(), options)

    def keep(self, seconds: float) -> list[PassEnd]:
        """Let the loop run for so long, and return how the passes ended."""
        self.heard.ends.clear()
        end = self.clock.time + timedelta(seconds=seconds)
        while True:
            idle_s = self.runner.turn()
            left = (end - self.clock.time).total_seconds()
            if left <= 0:
                return list(self.heard.ends)
            self.clock.passes(min(max(idle_s, 0.5), left))
