"""What is logged of the wire: one line a request of our own, nothing of anybody else's.

Microsoft's and urllib3's loggers print addresses with their signatures, headers, and at
DEBUG whole bodies. `basicConfig(level=DEBUG)` in a notebook, or a variable in the
environment, is enough to turn them on. So the command line fences them at its start: whatever
they say ends here. A program that uses reconcile as a library keeps its loggers as they are,
and may call `fence_loggers` itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from urllib.parse import urlsplit

FENCED = (
    "azure",
    "msal",
    "msal_extensions",
    "msrest",
    "urllib3",
    "requests",
    "requests_oauthlib",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "huggingface_hub",
    "fsspec",
    "opencensus",
    "opentelemetry",
    "applicationinsights",
)
"""The loggers of what we send requests with; the most that they may log is nothing."""

SILENT = logging.CRITICAL + 1

log = logging.getLogger("reconcile.azure")


class _Shut(logging.Filter):
    """Lets nothing pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_SHUT = _Shut()
_fenced = Event()


def fence_loggers() -> None:
    """Shut the loggers of every library that sees a request, for the rest of the process.

    Those of libraries that are imported later, too.
    """
    _fenced.set()
    fence_new_loggers()


def fence_new_loggers() -> None:
    """Shut what was made since, where the program has chosen the fence; otherwise do nothing.

    Called after each import of a client: importing makes loggers, and some give themselves
    handlers and levels. What nobody fenced yet still ends at the top one, which passes
    nothing on.
    """
    if not _fenced.is_set():
        return
    for name in FENCED:
        _shut(logging.getLogger(name))
        logging.getLogger(name).propagate = False
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in FENCED:
            _shut(logger)


def _shut(logger: logging.Logger) -> None:
    if logger.level != SILENT:  # to set it empties the caches of all loggers there are
        logger.setLevel(SILENT)
    logger.handlers = [logging.NullHandler()]
    if _SHUT not in logger.filters:
        logger.addFilter(_SHUT)


REQUEST_IDS = ("x-ms-correlation-request-id", "x-ms-request-id")


@dataclass(frozen=True)
class LoggerState:
    """A logger as it was, to be put back after somebody's import has changed it."""

    logger: logging.Logger
    level: int
    propagate: bool
    handlers: tuple[logging.Handler, ...]

    @classmethod
    def of(cls, name: str) -> LoggerState:
        """Return what a logger is now."""
        logger = logging.getLogger(name)
        return cls(logger, logger.level, logger.propagate, tuple(logger.handlers))

    def restore(self) -> None:
        """Make the logger what it was."""
        if self.logger.level != self.level:
            self.logger.setLevel(self.level)
        self.logger.propagate = self.propagate
        self.logger.handlers = [*self.handlers]


def log_answer(
    method: str, url: str, status: int, started: float, headers: Mapping[str, str]
) -> None:
    """Log a request as one line: no query (it may hold a signature), no body.

    `started` is when it was sent, by the monotonic clock. Of the headers only the id is told
    by which Microsoft's support finds the request.
    """
    elapsed_ms = (time.monotonic() - started) * 1000
    found = (headers.get(name) for name in REQUEST_IDS)
    request_id = next((f" request {text}" for text in found if text), "")
    log.info("%s %s %s %.0f ms%s", method, urlsplit(url).path, status, elapsed_ms, request_id)
