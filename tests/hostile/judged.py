"""How many hostile things are tried, and what counts as harm."""

import os

from reconciler.diagnostics import ExitCode

MANY = int(os.environ.get("RECONCILE_FUZZ") or (500 if os.environ.get("CI") else 60))
INSIDES = ("Traceback", "internal error", "an unexpected error occurred")


def crashed(done):
    """Whether somebody sees the inside of the program."""
    said = done.stdout + done.stderr
    return done.returncode == ExitCode.INTERNAL or any(word in said for word in INSIDES)
