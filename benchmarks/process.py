"""Time a command as a whole process, by the operating system's own accounting."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Medians over the runs: wall and CPU (user + system, children too) in seconds."""

    wall_s: float
    cpu_s: float
    runs: int

    def __str__(self) -> str:
        """Return the figures as the table shows them."""
        return f"{self.wall_s:.3f} s wall, {self.cpu_s:.3f} s CPU (median of {self.runs})"


def measure(
    command: Sequence[str], runs: int, *, environment: Mapping[str, str] | None = None
) -> Measured:
    """Run a command once to warm up and then `runs` times. Raises when it fails."""
    walls, cpus = [], []
    for run in range(runs + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if run:
            walls.append(wall)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return Measured(statistics.median(walls), statistics.median(cpus), runs)
