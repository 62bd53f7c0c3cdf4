"""Start or find the sandbox that `--sandbox` asks for, while the spec is being read."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from reconciler.cli.arguments import EMBEDDED
from reconciler.diagnostics import LocalError

if TYPE_CHECKING:
    from reconciler.sandbox.launch import Server

STATE = Path(".reconcile") / "sandbox"
NEEDED = ("aiohttp", "trustme", "uvloop")
"""The packages of the extra `sandbox` in pyproject.toml."""


def check_installed() -> None:
    """Raise `LocalError` unless the packages that the sandbox serves with are installed."""
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise LocalError.because(
            f"the sandbox is not installed: {', '.join(missing)} missing",
            hint="pip install 'reconcile-azureml[sandbox]'",
        )


@contextmanager
def _told() -> Iterator[None]:
    """Turn what stands in the way of a sandbox into a `LocalError`."""
    from reconciler.sandbox.launch import LaunchError

    try:
        yield
    except LaunchError as error:
        raise LocalError.because(str(error)) from error
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise LocalError.because(f"the sandbox cannot start: {what}") from error


def is_served(state: Path) -> bool:
    """Whether a sandbox serves a folder by now. Raises `LocalError` when that cannot be told."""
    from reconciler.sandbox.locks import is_served as is_held

    with _told():
        return is_held(state)


def launched(state: Path, clock: str) -> Server:
    """Return the sandbox of a folder, started if there is none. Raises `LocalError`."""
    from reconciler.sandbox.launch import launch

    check_installed()
    with _told():
        return launch(state, clock=clock)


class Starting:
    """A sandbox on its way up. `close` must be called, also when it was never needed."""

    def __init__(self, choice: str, state: Path = STATE, *, runs_code: bool = False) -> None:
        """Begin at once; `choice` is a URL or `EMBEDDED`. Raises `LocalError` if it cannot.

        `runs_code`: let it run the commands of jobs, for as long as it is up.
        """
        if choice == EMBEDDED:
            check_installed()
        self._future: Future[Server] = Future()
        self._runs_code = runs_code
        Thread(target=self._start, args=(choice, state), daemon=True).start()

    def server(self) -> Server:
        """Return the running sandbox. Raises `LocalError` when it could not be started."""
        with _told():
            return self._future.result()

    def close(self) -> None:
        """Leave the sandbox; an embedded one without users ends by itself."""
        if self._future.exception() is None:
            self._future.result().close()

    def _start(self, choice: str, state: Path) -> None:
        from reconciler.sandbox.launch import find, launch

        try:
            server = launch(state) if choice == EMBEDDED else find(choice)
            if self._runs_code:
                server.run_code()
        except BaseException as error:  # noqa: BLE001 - handed over to who asks for the result
            self._future.set_exception(error)
        else:
            self._future.set_result(server)
