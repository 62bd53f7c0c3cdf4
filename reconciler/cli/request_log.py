"""What is logged: with `--verbose` each request to Azure as one line, never a body or a token."""

from __future__ import annotations

import logging

from reconciler.cloud.logging import fence_loggers
from reconciler.render.terminal import Terminal, clean

_NOWHERE = logging.NullHandler()


def silence_libraries() -> None:
    """Keep the logs of libraries off the terminal and out of everybody's handlers.

    What went wrong reaches the user as one error; azure-identity alone would log twelve
    lines each time it cannot sign in, and any line tears the live table.
    """
    fence_loggers()
    logging.getLogger().addHandler(_NOWHERE)


def log_requests(terminal: Terminal) -> None:
    """Write what the logger `reconcile.azure` says to a terminal."""
    handler = logging.StreamHandler(terminal.stream)
    handler.setFormatter(_OneLine("azure: %(message)s"))
    logger = logging.getLogger("reconcile.azure")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _OneLine(logging.Formatter):
    """Keeps what Azure answered from steering the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))
