"""The files in a state directory that say who serves it and who uses it; standard library only.

Each is locked with flock, so that the kernel gives back what a dead process held:

`lock`      held by the server while it is there;
`starting`  held by whoever starts the server, while it does;
`users`     shared by everybody who uses the server. One that ends with its last user holds it alone
            from then on, until its process is gone.

So a server cannot end while it is used, and nobody can begin to use one that ends.
"""

from __future__ import annotations

import fcntl
import os

from reconciler.sandbox.private import NEVER_THROUGH_LINKS

TYPE_CHECKING = False
if TYPE_CHECKING:  # the standard import of `pathlib` would be the only one
    from pathlib import Path

SERVER = "lock"
STARTING = "starting"
USERS = "users"


def try_lock(file: Path, *, shared: bool = False) -> int | None:
    """Return the descriptor of a lock that lasts until it is closed, or None if another has it.

    Makes the file. A fork keeps the lock, too, until both have closed it.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | NEVER_THROUGH_LINKS, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_served(state: Path) -> bool:
    """Whether a server holds a state directory, ready or not."""
    if not (state / SERVER).exists():
        return False
    lock = try_lock(state / SERVER)
    if lock is None:
        return True
    os.close(lock)
    return False
