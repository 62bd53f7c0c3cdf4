"""The loop, pass by pass: killed, stopped or superseded at requests, and silent for long.

In one process, on a clock that the case moves: a kill ends everything that the passes would send.
"""

import random
import tempfile
from pathlib import Path

from tests.support.azure import Azure
from tests.support.controls import Pool
from tests.support.disturbed_loop import at_request, killed_at, stopped_at, superseded_at
from tests.support.one_spec import OneSpec, reason
from tests.support.replicated import played
from tests.support.virtual_loop import VirtualLoop

NEVER = 10**9
NODES = ("max_instances: 2", "max_instances: 3")


def disturbed(what, count, seed):
    """Return name, cases and violations of one disturbance, at so many requests."""
    case = CASES[what]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        _sandbox(folder) as fresh,
    ):
        requests = _requests(fresh())
        places = _places(requests, count, seed)
        wrong = [text for nth in places if (text := case(fresh(), nth))]
    name = f"the loop, {what}, passes of small ({requests} requests)"
    return name, f"{len(places)} of {requests}", wrong


def silent(count):
    """Let nothing change for so many passes; return how many writes and events came of it."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        _sandbox(folder) as fresh,
    ):
        one = fresh()
        one.until_ready()
        one.azure.clear_journal()
        loop = VirtualLoop(one)
        passes, bad = 0, 0
        while passes < count:
            ends = loop.keep(24 * 3600)
            passes += len(ends)
            bad += sum(str(reason(end)) != "Succeeded" for end in ends)
            bad += len(one.azure.writes()) + len(loop.heard.events)
            one.azure.clear_journal()
        return passes, bad


def replicas(number, count, seed):
    """Return name, cases and violations of so many replicas, one of which stops, by seed."""
    wrong, stops = [], 0
    # The sandbox may still write its last file into the folder when that is removed.
    scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with scratch as folder, _sandbox(folder) as fresh:
        server = fresh().azure.server
        for each in range(seed, seed + count):
            fleet = played(server, Path(folder) / f"fleet-{each}", number, each)
            wrong += [f"seed {each}: {text}" for text in fleet.wrong]
            stops += fleet.stops
    name = f"{number} replicas of the loop, stopped before writes"
    return name, f"{count} seeds, {stops} stops", wrong


class _sandbox:  # noqa: N801 - a context manager
    """Gives a function that returns an empty subscription and a spec that is not in it yet."""

    def __init__(self, folder):
        self._folder, self._pool, self._made = Path(folder), Pool(Path(folder) / "sandboxes"), 0

    def __enter__(self):
        self._lent = self._pool.lent()
        self._azure = Azure(self._lent.__enter__())
        return self._fresh

    def __exit__(self, *error):
        self._lent.__exit__(None, None, None)
        self._pool.close()

    def _fresh(self):
        self._azure.empty()
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        return OneSpec(self._azure, folder)


def _requests(one):
    with at_request(NEVER, lambda: None) as requests:
        one.until_ready()
    return requests.sent


def _places(requests, count, seed):
    every = range(1, requests + 1)
    return every if count >= requests else random.Random(seed).sample(every, count)


def _superseded(one, nth):
    found = superseded_at(one, nth, lambda: one.edit(*NODES))
    return found or ("" if one.nodes() == 3 else "the older revision holds")


CASES = {"kill": killed_at, "stop": stopped_at, "a newer revision": _superseded}
