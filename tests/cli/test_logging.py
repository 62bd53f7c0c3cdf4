"""Libraries do not write to the user's terminal; `-v` writes one clean line a request."""

from __future__ import annotations

import io
import subprocess
import sys

from reconciler.cli.request_log import log_requests
from reconciler.render.terminal import Terminal

PROBE = """
import logging
from reconciler.cli.request_log import silence_libraries
silence_libraries()
logging.getLogger("azure.identity").warning("twelve lines of advice")
logging.getLogger("urllib3.connectionpool").error("retrying")
"""


def test_a_librarys_warning_does_not_reach_the_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_request_is_one_line_that_cannot_steer_the_terminal() -> None:
    import logging

    stream = io.StringIO()
    log_requests(Terminal(stream))
    logger = logging.getLogger("reconcile.azure")
    try:
        logger.info("%s %s %s", "GET", "/subscriptions/\x1b[2J\n::error::x", 200)
    finally:
        logger.handlers = []
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    assert stream.getvalue() == "azure: GET /subscriptions/\\x1b[2J\\n::error::x 200\n"


def test_a_request_is_told_with_the_id_that_support_asks_for() -> None:
    import logging

    from reconciler.cloud.logging import log_answer

    stream = io.StringIO()
    log_requests(Terminal(stream))
    logger = logging.getLogger("reconcile.azure")
    try:
        ids = {"x-ms-request-id": "b", "x-ms-correlation-request-id": "a", "authorization": "x"}
        log_answer("GET", "https://host/path?sig=secret", 200, 0.0, ids)
        log_answer("GET", "https://host/path", 200, 0.0, {})
    finally:
        logger.handlers = []
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    first, second = stream.getvalue().splitlines()
    assert first.endswith(" ms request a")
    assert second.endswith(" ms")
    assert "secret" not in first
