"""The command line in the place of a program that is to be started: a fork that imports nothing.

`subprocess` and `pexpect` fork, give the child its streams and its terminal, call `preexec_fn`, and
start a program. Here the command line is entered in that call, by its own entry point, and ends the
process: streams, signals and exit codes are those of a process, which else costs most of a second.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping

from reconciler.cli.main import entry
from tests.support.forked import hear_signals

OWN_FILES = 3
"""Standard input, output and error."""
NEVER_STARTED = ["/bin/false"]


def entering(
    *words: str, prepare: Callable[[], object] = lambda: None, **environment: str
) -> Callable[[], None]:
    """Return the `preexec_fn` that runs a command line; `prepare` is called before, in the child."""
    assert threading.active_count() == 1, threading.enumerate()
    return lambda: _enter(words, prepare, environment)


def _enter(
    words: tuple[str, ...], prepare: Callable[[], object], environment: Mapping[str, str]
) -> None:
    try:
        # Among them is the pipe on which our parent waits for the program to be started.
        os.closerange(OWN_FILES, os.sysconf("SC_OPEN_MAX"))
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - numbers, open to the end
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
        sys.stderr = open(2, "w", 1, encoding="utf-8")  # noqa: SIM115
        sys.argv = ["reconcile", *words]
        os.environ.update(environment)
        hear_signals()
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as an interpreter that starts does
        prepare()
        with contextlib.suppress(SystemExit):
            entry()
    finally:
        os._exit(1)
