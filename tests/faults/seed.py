"""The seed of every sample that is drawn here: it moves with the commit.

So each commit tries other cases than the one before it, and the same commit always the same ones.
A failure names the seed; `RECONCILE_SEED=... pytest ...` plays it again on any commit.
"""

import os
import random
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "RECONCILE_SEED"
WITHOUT_GIT = 20261128
DIGITS = 8
"""So many of the commit's hexadecimal digits make the seed: a number that fits on a line."""


def seed_of(environment, commit):
    """Return the seed: as the environment says, else of the commit, else always the same."""
    if stated := environment.get(VARIABLE):
        return int(stated)
    return int(commit[:DIGITS], 16) if commit else WITHOUT_GIT


def commit():
    """Return the commit that is checked out, "" outside of a repository or without git."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


SEED = seed_of(os.environ, commit())


def drawn(cases, count, salt=""):
    """Return so many of the cases, all when there are no more; `salt` tells draws apart."""
    cases = list(cases)
    if count >= len(cases):
        return cases
    return random.Random(f"{SEED} {salt}").sample(cases, count)


def sampled(cases, count, salt=""):
    """Return so many of the cases; all of them where RECONCILE_FUZZ asks (`make reliability`)."""
    return list(cases) if os.environ.get("RECONCILE_FUZZ") else drawn(cases, count, salt)


def replay(test):
    """Return what to type to run a test with this seed."""
    return f"{VARIABLE}={SEED} python -m pytest '{test}'"
