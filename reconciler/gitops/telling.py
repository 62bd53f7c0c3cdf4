"""All that the loop tells, from its configuration: what the runner starts, feeds and stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event as Signal
from threading import Thread

from reconciler.cloud.azure import Azure
from reconciler.diagnostics import ReconcileError
from reconciler.gitops.config import LoopConfig
from reconciler.gitops.config_notify import Webhook
from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.notifiers import notifiers
from reconciler.gitops.outbox import Notifier, Outbox
from reconciler.gitops.ports import Listener
from reconciler.gitops.records import ConditionReason
from reconciler.gitops.report import Complaints, JsonLines, Reporter, muted
from reconciler.gitops.vitals import Vitals

LONGEST_STOP_S = 1.0
Now = Callable[[], datetime]


class Telling:
    """Whoever is told. Feed `reporter` and `vitals`; `specs` names every spec that is kept.

    `look` is asked for a pass of one spec, `look_at_source` for a look at git: both are called
    in another thread, and must not wait.
    """

    def __init__(
        self,
        config: LoopConfig,
        azure: Azure,
        specs: Callable[[], Sequence[str]],
        *,
        lines: Listener | None = None,
        now: Now = lambda: datetime.now(UTC),
    ) -> None:
        """Tell nobody yet."""
        from reconciler.gitops.metrics import Metrics
        from reconciler.gitops.spans import Spans

        self.config, self.vitals, self.last = config, Vitals(), LastPasses()
        self._specs, self._now, self._stop = specs, now, Signal()
        per_spec, traffic = config.metrics.per_spec, azure.throttle.traffic
        self.metrics = Metrics(self.last, self.vitals, traffic, per_spec=per_spec, now=now)
        made = notifiers(config, azure, self._stop)
        self._outboxes = [Outbox([one], self._told, now) for one in made]
        others: list[Listener] = [self.last, self.metrics, Spans(), *self._outboxes]
        self.reporter = Reporter(lines or JsonLines(), others)
        self._senders = [
            Thread(target=self._send, args=(one,), name="notify", daemon=True)
            for one in self._outboxes
        ]
        self._http: _Http | None = None

    def start(
        self,
        look: Callable[[str], None] = lambda _: None,
        look_at_source: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin to answer and to send. Raises `LocalError` where the address cannot be had."""
        if self.config.listen is not None:
            self._http = _Http(self, look, look_at_source, self._specs, self._now)
            self._http.thread.start()
        for sender in self._senders:
            sender.start()

    @property
    def port(self) -> int | None:
        """Where HTTP is answered, None where it is not."""
        return self._http.thread.port if self._http else None

    def forget(self, specs: Sequence[str]) -> None:
        """Forget the specs that are no longer kept."""
        self.reporter.forget(specs)
        self.last.forget(specs)
        self.metrics.forget(specs)

    def flush(self) -> None:
        """Send what waits, once: for a loop that ends after one pass of each spec."""
        for outbox in self._outboxes:
            outbox.deliver()

    @classmethod
    @contextmanager
    def of_one_pass(
        cls, config: LoopConfig, azure: Azure, complain: Callable[[str], None]
    ) -> Iterator[Telling]:
        """Give one for a process that ends after a pass of each spec: commits are told at its end.

        Events are not: nobody remembers what the process before told of them. `complain` hears
        of a host that cannot be told.
        """
        of_commits = [one for one in config.notify if not isinstance(one, Webhook)]
        config = config.model_copy(update={"notify": of_commits})
        telling = cls(config, azure, tuple, lines=Complaints(complain))
        try:
            yield telling
            telling.flush()
        finally:
            telling.stop()

    def stop(self) -> None:
        """End within two seconds. A state that was not sent by then is told by the next start."""
        self._stop.set()
        for outbox in self._outboxes:
            outbox.arrived.set()
        end = time.monotonic() + LONGEST_STOP_S
        for sender in self._senders:
            if sender.is_alive():
                sender.join(max(0.0, end - time.monotonic()))
        if self._http is not None:
            self._http.thread.stop()

    def _send(self, outbox: Outbox) -> None:
        """Send to one host, in a thread of its own: one that is slow delays no other."""
        while not self._stop.is_set():
            outbox.arrived.clear()
            outbox.arrived.wait(outbox.deliver())

    def _told(self, notifier: Notifier, error: ReconcileError | None, at: datetime) -> None:
        if error is None:
            self.reporter.over("", ConditionReason.NOTIFICATION_FAILED, at, notifier.name)
        else:
            self.reporter.happened(muted(notifier.name, error, at))


class _Http:
    """The server; aiohttp is imported where it is asked for."""

    def __init__(
        self,
        telling: Telling,
        look: Callable[[str], None],
        look_at_source: Callable[[], None],
        specs: Callable[[], Sequence[str]],
        now: Now,
    ) -> None:
        from reconciler.gitops.http import Told
        from reconciler.gitops.http_thread import HttpThread

        told = Told(
            telling.vitals,
            telling.last,
            telling.metrics,
            specs,
            look,
            look_at_source,
            telling.config.http,
            now,
        )
        self.thread = HttpThread(told, telling.config.listen or "")
