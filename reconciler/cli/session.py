"""What every command has at hand: its options, its streams, its way to Azure."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.arguments import EMBEDDED
from reconciler.cli.process_limits import be_modest
from reconciler.cli.run_code import OPTION, allow_code
from reconciler.cli.sandbox_launch import Starting
from reconciler.cli.signals import Signals
from reconciler.diagnostics import ReconcileError
from reconciler.render.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.cloud.azure import Azure
    from reconciler.cloud.endpoints import Cloud
    from reconciler.cloud.run_scope import RunScope
    from reconciler.diagnostics import Diagnostic
    from reconciler.engine.types import Action, Address, Outcome
    from reconciler.operations.load import Loaded


class Watcher(Protocol):
    """Watches an apply (`operations.progress.Events`) for the length of a `with` block."""

    def __enter__(self) -> Watcher:
        """Begin to show."""

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""

    def say(self, address: Address, message: str, *, link: str = "") -> None:
        """Show what is being done."""

    def bytes(self, address: Address, done: int, total: int) -> None:
        """Show how much of a transfer is through."""

    def started(self, address: Address, action: Action) -> None:
        """Show that work begins."""

    def finished(self, outcome: Outcome) -> None:
        """Show how it ended."""


class Session:
    """One run of one command. A context manager: it lets go of an embedded sandbox."""

    def __init__(self, options: argparse.Namespace, signals: Signals) -> None:
        """Set up streams and log; a sandbox starts in the background at once."""
        self.options = options
        self.signals = signals
        self.out = Terminal.of(sys.stdout, options.color)
        self.err = Terminal.of(sys.stderr, options.color)
        self._starting: Starting | None = None
        self._azure: Azure | None = None
        self._lock = Lock()
        if options.verbose:
            from reconciler.cli.request_log import log_requests

            log_requests(self.err)

    def __enter__(self) -> Session:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections to Azure and detach from the sandbox."""
        if self._azure:
            self._azure.close()
        if self._starting:
            self._starting.close()

    def start_sandbox(self) -> None:
        """Start the sandbox that the options ask for and sign in, while other work goes on.

        Called by every command that talks to Azure, before it starts any thread. Azure itself
        is not asked for a token before the spec is known to be valid (`connect`).
        """
        be_modest()
        if self.options.sandbox:
            allow_code(self.options)
            self._starting = Starting(
                self.options.sandbox, runs_code=self.options.sandbox_runs_code
            )
            Thread(target=self._sign_in, name="sign-in", daemon=True).start()

    def connect(self, loaded: Loaded, *, read_only: bool) -> RunScope:
        """Return the run of this command on a spec's subscription; it signs in meanwhile."""
        run = self.run_on(loaded.spec.target.subscription_id, read_only=read_only)
        if self._starting is None:
            run.sign_in()
        return run

    def run_on(self, subscription_id: str, *, read_only: bool) -> RunScope:
        """Return the run of this command on a subscription, "" where it needs none."""
        from reconciler.cli.request_log import silence_libraries

        silence_libraries()
        return self._run(subscription_id, read_only=read_only)

    def _run(self, subscription_id: str, *, read_only: bool) -> RunScope:
        """Return a run whose time begins now."""
        from reconciler.cloud.run_scope import RunScope

        timeout_s = getattr(self.options, "timeout", None)
        deadline = time.monotonic() + timeout_s if timeout_s else None
        return RunScope(self.azure(), subscription_id, read_only=read_only, deadline=deadline)

    def azure(self) -> Azure:
        """Return what the runs of this process share; waits until the sandbox has started."""
        from reconciler.cloud.azure import POOL_SIZE, Azure

        pool_size = max(POOL_SIZE, getattr(self.options, "parallelism", None) or 0)
        with self._lock:
            if self._azure is None:
                self._azure = Azure(self.cloud(), pool_size=pool_size)
            return self._azure

    def _sign_in(self) -> None:
        """Get the token that the first request needs; what fails here is met there again."""
        with suppress(ReconcileError):
            run = self._run("", read_only=True)
            run.tokens.get_token(run.cloud.arm_scope)

    def cloud(self) -> Cloud:
        """Return the cloud that the command line chose; nothing else can choose one."""
        from reconciler.cloud.endpoints import Cloud, SandboxAccess

        if self._starting is None:
            return Cloud()
        server = self._starting.server()
        return Cloud.of_sandbox(
            SandboxAccess(
                server.url,
                server.ca_file,
                server.tenant_id,
                server.client_id,
                server.client_secret,
            )
        )

    def warn(self, warnings: Iterable[Diagnostic], *, whole: bool = False) -> None:
        """Show warnings, a line each unless they are wanted `whole`; none when to be quiet."""
        from reconciler.render.diagnostics_text import headlines, problems

        if not self.options.quiet:
            is_whole = whole or self.options.verbose
            self.err.write(problems(warnings) if is_whole else headlines(warnings))

    def progress(self, total: int) -> Watcher:
        """Return who watches an apply: a live table, event lines, or nobody."""
        from reconciler.operations.progress import NullProgress
        from reconciler.render.event_lines import EventLines
        from reconciler.render.live import LiveTable

        if self.options.quiet:
            return NullProgress()
        if self.is_live:
            return LiveTable(self.err, total)
        return EventLines(self.err)

    @property
    def is_live(self) -> bool:
        """Whether progress is drawn on the terminal."""
        return self.err.is_live and not (self.options.verbose or self.options.quiet)

    def command(self, name: str, *extra: str, source: str = "") -> str:
        """Return the command line to type next, for this spec (or `source`) and cloud."""
        words = ["reconcile", name, source or self.options.spec]
        if self.options.sandbox == EMBEDDED:
            words.append("--sandbox")
        elif self.options.sandbox:
            words += ["--sandbox", self.options.sandbox]
        words += [OPTION] if self.options.sandbox_runs_code else []
        return " ".join([shlex.quote(word) for word in words] + list(extra))


def parallelism(options: argparse.Namespace) -> dict[str, int]:
    """Return the keyword for an operation; nothing leaves the operation's own default."""
    return {"parallelism": options.parallelism} if options.parallelism else {}
