"""Promise ourselves less memory than glibc would for many threads, and leave none of it behind.

By default each thread has eight MiB of stack and, up to eight a core, an arena of 64 MiB of
address space: more than a GiB for a plan that uses fifty MiB. Nobody pays for it until there
is a limit on it (`ulimit -v`, a host without overcommit); then no thread starts.
"""

from __future__ import annotations

import threading
from contextlib import suppress

STACK_BYTES = 1 << 20
"""For each thread. The deepest documents that we read need a tenth of it."""
ARENAS = 2
M_ARENA_MAX = -8
"""glibc's number of the parameter. Source: mallopt(3), malloc.h."""


PR_SET_DUMPABLE = 4
"""Linux's number of the option. Source: prctl(2), linux/prctl.h."""


def leave_no_core() -> None:
    """Let nobody find this process's secrets in a core dump, or read them with a debugger.

    For the process of the command line: a program that uses the library decides for itself. What
    it starts (the Azure CLI, a parser) writes no core dump either, and may be debugged.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def be_modest() -> None:
    """Bound stacks and arenas of the threads that start from now on; Linux with glibc."""
    threading.stack_size(STACK_BYTES)
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
