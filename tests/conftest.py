"""For all tests: golden files, rendered text that is reviewed like code; no limit of time."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from reconciler import secrets
from tests.support.controls import Pool
from tests.support.order import FilesTogether, longest_first
from tests.support.outages import outages, watch_applies

# How long an example takes says something of the machine, which may be busy, not of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

THREADS_END_S = 10.0


def pytest_configure() -> None:
    """Hear Ctrl-C again, and let every process that is started here hear it.

    A shell has it ignored in what it runs in the background, and so for all children.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage: there is none, and thousands of tests are no garbage.

    Nor is what was imported for them, through which no later search need go, until the
    interpreter clears it: duckdb wants to see that.
    """
    gc.disable()
    found = yield
    gc.enable()
    gc.freeze()
    atexit.register(gc.unfreeze)
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, where several processes share the work."""
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether | None:
    """Share the work as `--dist loadfile` does, with a few files together."""
    return FilesTogether(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a file in `golden/` beside the test; `UPDATE_GOLDEN=1` writes it."""

    def check(name: str, text: str) -> None:
        path = request.path.parent / "golden" / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The sandboxes of this process, lent to whoever needs one."""
    found = Pool(tmp_path_factory.mktemp("pool"))
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line begins: whatever a process is told to keep secret is searched for.

    A test process, and all that it forks, would soon be busy with the secrets of other tests.
    """
    monkeypatch.setattr(secrets, "_known", type(secrets._known)())


@pytest.fixture(scope="session")
def _allowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where each apply writes what its plan allowed to stop answering."""
    with pytest.MonkeyPatch.context() as patch:
        watch_applies(patch)
        yield tmp_path_factory.mktemp("allowed") / "ids"


@pytest.fixture(autouse=True)
def _no_outage_unannounced(_allowed: Path) -> Iterator[None]:
    """Fail a test in which the product let an endpoint answer nothing, and no plan said so."""
    outages.begin(_allowed)
    yield
    assert outages.unallowed() == []


@pytest.fixture(scope="session", autouse=True)
def _no_progress_threads() -> None:
    """azure-ai-ml's progress bars leave a thread behind; the fault tests fork and must be alone."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0


@pytest.fixture(scope="module", autouse=True)
def _leaves_no_thread() -> Iterator[None]:
    """Name the file whose tests leave a thread behind: the fault tests fork, and must be alone.

    Which file comes before them in a process is decided by how busy the machine is.
    """
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    end = time.monotonic() + THREADS_END_S
    for thread in left:
        thread.join(max(0.0, end - time.monotonic()))
    assert [thread for thread in left if thread.is_alive()] == []
