"""A command line that is run in a fork of this process, in which everything is imported already.

It is a real process: it may be killed, take signals, have a clock, a folder and an environment of
its own. It waits for a word before it starts, so that what it meets can be made for its pid.
"""

import contextlib
import gc
import io
import json
import os
import select
import signal
import sys
import threading
import time
from dataclasses import dataclass, field

from reconciler.cli.main import main
from reconciler.cli.signals import Signals
from reconciler.cloud import network_errors
from reconciler.cloud.run_scope import RunScope

LONGEST_WAIT_S = 0.02
"""Time is virtual: what a run waits for longer is over by then, as the sandbox's clock is instant."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, or the signal that ended it as a negative number."""

    code: int
    out: str = ""
    err: str = ""
    modules: tuple[str, ...] = field(default=(), repr=False)

    @property
    def killed(self):
        return self.code == -signal.SIGKILL


class Running:
    """A forked run that waits for `go`."""

    def __init__(self, words=(), *, prepare=lambda: None):
        """`prepare` is called in the fork, before the command line."""
        assert threading.active_count() == 1, threading.enumerate()
        self._words = words
        self._read, write = os.pipe()
        wait, self._go = os.pipe()
        self._took, heard = os.pipe()
        self.is_joined = False
        self.pid = os.fork()
        if self.pid == 0:
            for end in (self._read, self._go, self._took):
                os.close(end)
            _begin(wait, write, heard, prepare)
        for end in (write, wait, heard):
            os.close(end)

    def go(self, *words, environment=None, folder=None):
        """Start; other words, a whole environment and a working folder may be stated."""
        told = {"words": words or self._words, "environment": environment, "folder": folder}
        with os.fdopen(self._go, "w") as stream:
            stream.write(f"{json.dumps(told)}\n")

    def send(self, number):
        """Send a signal, and return when the run has taken it, or is gone."""
        os.kill(self.pid, number)
        os.read(self._took, 1)

    def is_over(self, within_s=0.01):
        """Whether the run has said how it ended, or is gone; looks for so long."""
        return bool(select.select([self], [], [], within_s)[0])

    def fileno(self):
        """Readable once the run says how it ended, or is gone."""
        return self._read

    def join(self):
        """Wait for the end."""
        with os.fdopen(self._read, "rb") as stream:
            text = stream.read()
        os.close(self._took)
        _, status = os.waitpid(self.pid, 0)
        self.is_joined = True
        code = os.waitstatus_to_exitcode(status)
        parts = json.loads(text) if text else {}
        return Ended(code, **parts)


class _Heard(Signals):
    """Says down a pipe that a signal was taken; who leaves at once closes it."""

    def __init__(self, pipe):
        super().__init__()
        self._pipe = pipe

    def _handle(self, number, frame):
        super()._handle(number, frame)
        os.write(self._pipe, b"x")


def _begin(wait, write, heard, prepare):
    """Wait for the word, run, and end this process, whatever comes."""
    try:
        with os.fdopen(wait) as stream:
            told = stream.readline()  # not to the end: a fork beside this one holds it open
        if told:
            _run(json.loads(told), write, heard, prepare)
    finally:
        os._exit(1)


def _run(told, write, heard, prepare):
    """Run one command line and end this process; what it printed goes down the pipe."""
    out, err = io.StringIO(), io.StringIO()
    gc.disable()  # as the entry point of the command line does
    if told["environment"] is not None:
        os.environ.clear()
        os.environ.update(told["environment"])
        time.tzset()
    if told["folder"]:
        os.chdir(told["folder"])
    hurry()
    prepare()
    hear_signals()
    signals = _Heard(heard)
    signals.install()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(told["words"], signals)
    with os.fdopen(write, "w") as stream:
        ended = {"out": out.getvalue(), "err": err.getvalue(), "modules": list(sys.modules)}
        json.dump(ended, stream)
    os._exit(signals.received or code)


def hear_signals():
    """Undo what a shell does to what it starts in the background: signals ignored for good."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def hurry():
    """Cut every wait of this process short, also those of libraries that wait by themselves.

    Deadlines and signals are what they were.
    """
    wait, sleep = RunScope.sleep, time.sleep
    RunScope.sleep = lambda self, seconds: wait(self, min(seconds, LONGEST_WAIT_S))
    time.sleep = lambda seconds: sleep(min(seconds, LONGEST_WAIT_S))


def unreachable_after(seconds):
    """Let whoever finds no way to Azure give up after so long, in place of ten seconds."""
    usual = network_errors.CONNECT_BUDGET_S
    names = ("CONNECT_BUDGET_S", "CONNECT_TIMEOUT_S", "TIMEOUT_S")
    for module in [m for name, m in sys.modules.items() if name.startswith("reconciler.cloud.")]:
        for name in names:
            if getattr(module, name, None) == usual:
                setattr(module, name, seconds)


def forked(*words, environment=None, folder=None, prepare=lambda: None):
    """Run a command line to its end."""
    running = Running(words, prepare=prepare)
    running.go(environment=environment, folder=folder)
    return running.join()


def in_fork(call):
    """Return what a call returns, as JSON keeps it, of a fork that ends with it."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with os.fdopen(write, "w") as stream:
                json.dump(call(), stream)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0
    return json.loads(text)
