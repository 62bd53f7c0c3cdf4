"""Cases side by side: each lane is a process with a sandbox of its own.

A run and its sandbox wait for each other, one request at a time, so a lane keeps one processor
busy. What a lane is asked is a name of `CHECKS` and plain data, so that it can be sent.
"""

import multiprocessing
import os
import signal
import traceback
from pathlib import Path
from typing import ClassVar

from reconciler.sandbox.launch import launch
from tests.faults import cells, crash, histories, signals, stale, steadiness, worlds, writers
from tests.faults.arena import Arena, is_write
from tests.faults.scenes import scene


def _describe(arena, played, folder):
    """Return what cases are made of: the requests of a clean run, by number, method and path."""
    return [(e["method"], e["path"], e["kind"], is_write(e)) for e in played.requests]


def _killed(arena, played, folder, *deaths):
    return crash.survives(arena, played, *(crash.Point(*death) for death in deaths))


CHECKS = {
    "describe": _describe,
    "kill": _killed,
    "record": lambda arena, played, folder: worlds.record(arena, played, folder),
    "world": lambda arena, played, folder, file: worlds.violation(arena, played, file),
    "history": lambda arena, played, folder, seed: histories.violation(arena, played, seed),
    "writers": lambda arena, played, folder, seed: writers.violation(arena, played, seed),
    "all stale": lambda arena, played, folder: [
        *stale.cases(played),
        *stale.cases_again(arena, played),
    ],
    "stale": lambda arena, played, folder, case: stale.violation(arena, played, case),
    "signal": lambda arena, played, folder, *which: signals.stopped(arena, played, *which),
    "cells": lambda arena, played, folder: cells.cells(played),
    "cell": lambda arena, played, folder, cell: cells.violation(arena, played, cell),
    "quiet": lambda arena, played, folder, *runs: steadiness.violation(arena, played, *runs),
    "amplification": lambda arena, played, folder, seed: steadiness.amplification(
        arena, played, seed
    ),
}


HANGS_AFTER_S = 240
"""A case that takes so long never ends: it is told as wrong, and the lane goes on."""


class Lanes:
    """Some processes that check cases; close them with `with`."""

    def __init__(self, count, folder):
        context = multiprocessing.get_context("spawn")
        self._pool = context.Pool(count, _open, (str(folder),))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pool.terminate()
        self._pool.join()

    def ask(self, place, check, *data):
        """Return what one check of a scene (command, spec) comes to."""
        return self._pool.apply(_check, ((place, check, data),))

    def each(self, place, check, cases):
        """Yield what a check comes to for each case, as they end."""
        tasks = [(place, check, case if isinstance(case, tuple) else (case,)) for case in cases]
        return self._pool.imap_unordered(_check, tasks)


class _Lane:
    """The state of this process when it is a lane."""

    folder: Path
    arena: Arena
    scenes: ClassVar[dict] = {}


def _open(folder):
    """Begin as a lane: a sandbox of its own, which ends with this process."""
    _Lane.folder = Path(folder)
    own = _Lane.folder / f"lane-{os.getpid()}"
    own.mkdir()
    _Lane.arena = Arena(launch(own / "state", clock="instant"), own / "state")
    signal.signal(signal.SIGALRM, _hangs)


def _hangs(_number, _frame):
    raise AssertionError(f"no end after {HANGS_AFTER_S} s")


def _check(task):
    place, check, data = task
    if place not in _Lane.scenes:
        own = _Lane.folder / f"lane-{os.getpid()}"
        _Lane.scenes[place] = scene(_Lane.arena, own, *place)
    signal.alarm(HANGS_AFTER_S)
    try:
        return CHECKS[check](_Lane.arena, _Lane.scenes[place], _Lane.folder, *data)
    except AssertionError:
        signal.alarm(0)
        _Lane.arena.clear()
        return f"{place} {check} {data}: {traceback.format_exc()}"
    finally:
        signal.alarm(0)
