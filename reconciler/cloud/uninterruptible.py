"""Calls that nothing can interrupt: each in a thread of its own, left behind when time is up.

The system's look-up of a name, a child of azure-identity (`az`) and the pauses of huggingface_hub
have no deadline, or one of their own. Such a thread ends with the process.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from urllib3.util.connection import allowed_gai_family

T = TypeVar("T")


class Uninterruptible(Generic[T]):
    """A call that has begun in a thread of its own."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Begin."""
        self._call = call
        self._over = threading.Event()
        self._answers: list[T] = []
        self._failure: BaseException | None = None
        threading.Thread(target=self._run, name="uninterruptible", daemon=True).start()

    def _run(self) -> None:
        try:
            self._answers.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised where the answer is taken
            self._failure = error
        finally:
            self._over.set()

    def is_over(self, within_s: float) -> bool:
        """Whether it has ended; waits so long for it."""
        return self._over.wait(within_s)

    def answer(self) -> T:
        """Return what it returned, or raise what it raised; it has ended."""
        if self._failure is not None:
            raise self._failure
        return self._answers[0]


def addresses_of(host: str, port: int, within_s: float) -> list[str]:
    """Return the addresses of a host. Raises `TimeoutError`, or `socket.gaierror` for no host."""
    bare = host.strip("[]")
    if _is_address(bare) or not _is_name(bare):  # an invalid name fails when connecting
        return [host]
    family = allowed_gai_family()
    call = Uninterruptible(lambda: socket.getaddrinfo(bare, port, family, socket.SOCK_STREAM))
    if not call.is_over(min(within_s, threading.TIMEOUT_MAX)):
        raise TimeoutError(f"timed out: the name {bare} was not found in time")
    return list(dict.fromkeys(str(found[4][0]) for found in call.answer()))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_name(text: str) -> bool:
    try:
        text.encode("idna")
    except UnicodeError:
        return False
    return True
