"""Two applies and a read-only plan at once, in a process of their own that looks at itself.

Run as a module: the sandbox's access as JSON on standard input, what was found as JSON on
standard output. A process of its own, since a test process has a history: loggers that other
tests have silenced, a command line that has run.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests  # noqa: F401 - it and urllib3 give their loggers a handler when imported

from reconciler.library import (
    Azure,
    Cloud,
    NullProgress,
    Options,
    Report,
    SandboxAccess,
    apply,
    load,
    plan,
)

ROOT = Path(__file__).resolve().parents[2]
APPLIED = ("examples/smallest.yaml", "examples/bring-your-own-data.yaml")
PLANNED = "specs/phi3-ultrachat.yaml"
LOGGERS = (
    "",
    "azure",
    "azure.core",
    "azure.identity",
    "azure.ai.ml",
    "msal",
    "urllib3",
    "requests",
)


def main() -> None:
    """Look, run all three, look again, say what was found."""
    access = SandboxAccess(**json.load(sys.stdin))
    for number, name in enumerate(LOGGERS):
        logging.getLogger(name).setLevel(10 + number)
        logging.getLogger(name).addFilter(lambda _record: True)
    os.environ["AZUREML_CURRENT_CLOUD"] = "the cloud of somebody else"
    before = _process()
    with Azure(Cloud.of_sandbox(access)) as azure, ThreadPoolExecutor() as threads:
        both_write = threading.Barrier(2 + 1)
        applies = [threads.submit(_applied, azure, file, both_write) for file in APPLIED]
        both_write.wait(60)
        planned = threads.submit(plan, load(str(ROOT / PLANNED)), azure).result()
        reports = [future.result() for future in applies]
        empty = [plan(load(str(ROOT / file)), azure).is_empty for file in APPLIED]
    found = {
        "outcomes": [[o.status.value for o in report.outcomes] for report in reports],
        "problems": [
            f"{problem.headline}: {problem.detail}"
            for r in reports
            for o in r.outcomes
            for problem in o.problems
        ],
        "converged": empty,
        "planned": len(planned.changes),
        "changed": {
            name: [repr(before[name]), repr(value)]
            for name, value in _process().items()
            if value != before[name]
        },
    }
    sys.stdout.write(json.dumps(found))


class _Together(NullProgress):
    """Holds the first write of an apply until the other one is at its first, and the plan begins."""

    def __init__(self, barrier: threading.Barrier) -> None:
        self._barrier = barrier
        self._first = threading.Lock()

    def started(self, address: str, action: Any) -> None:
        if self._first.acquire(blocking=False):
            self._barrier.wait(60)


def _applied(azure: Azure, file: str, barrier: threading.Barrier) -> Report:
    options = Options(progress=_Together(barrier))
    return apply(load(str(ROOT / file)), azure, lambda _plan: True, options)


def _process() -> dict[str, Any]:
    """Return all that a library has no business with."""
    loggers = {name: logging.getLogger(name) for name in LOGGERS}
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109 - as the process has it
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "stack": threading.stack_size(),
        "hooks": (sys.excepthook, threading.excepthook, sys.displayhook),
        "loggers": {
            name: (one.level, one.disabled, one.propagate, [*one.handlers], [*one.filters])
            for name, one in loggers.items()
        },
        "logging": (logging.root.manager.disable, logging.getLoggerClass()),
    }


if __name__ == "__main__":
    main()
