"""The command line as a process whose waits are cut short: the sandbox's time is instant.

`python -P tests/support/brief_process.py COMMAND ...` is `reconcile COMMAND ...`.
"""

from collections.abc import Callable

from reconciler.cli.main import entry
from reconciler.cloud.run_scope import RunScope

LONGEST_WAIT_S = 0.02


def _brief(sleep: Callable[[RunScope, float], None]) -> Callable[[RunScope, float], None]:
    return lambda run, seconds: sleep(run, min(seconds, LONGEST_WAIT_S))


if __name__ == "__main__":
    RunScope.sleep = _brief(RunScope.sleep)  # type: ignore[method-assign]
    entry()
