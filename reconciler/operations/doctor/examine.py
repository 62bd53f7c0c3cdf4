"""All checks, at once where they do not need each other."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ExitCode, ReconcileError
from reconciler.operations.doctor import reach
from reconciler.operations.doctor.check import Check, Level, doubt, of_error, ok
from reconciler.operations.doctor.identity import RIGHTS, rights, sign_in
from reconciler.operations.failures import exit_code_of
from reconciler.operations.load import Loaded

AT_ONCE = 8
PACKAGES = ("azure-identity", "azure-ai-ml")


def examine(run: RunScope, loaded: Loaded | None) -> list[Check]:
    """Return what was found, in the order in which it is to be mended; reads only."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor") as pool:
        signing_in = pool.submit(sign_in, run)
        asked = [pool.submit(reach.reach, run, c) for c in reach.fixed_contacts(run, loaded)]
        priced = pool.submit(reach.reach, run, reach.prices(run), is_needed=False)
        timed = pool.submit(reach.clock, run)
        signed_in = signing_in.result()
        after = list(_after_sign_in(run, loaded, signed_in, pool))
        network = [future.result() for future in (*asked, priced)]
        first = (_versions(), reach.certificates(run), timed.result())
    own = [check for check in after if check.name == reach.REACHED]
    others = [check for check in after if check.name != reach.REACHED]
    return [*first, *network, *own, signed_in, *others]


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return the exit code by the gravest problem; 0 where there is none."""
    return exit_code_of(check.failure for check in checks)


def _after_sign_in(
    run: RunScope, loaded: Loaded | None, signed_in: Check, pool: ThreadPoolExecutor
) -> Iterator[Check]:
    """Yield what Azure tells only those whom it knows."""
    if loaded is None:
        yield doubt(RIGHTS, "not checked", "no spec is given", "`reconcile doctor SPEC`")
        return
    if signed_in.level is not Level.OK:
        yield doubt(RIGHTS, "not checked", "nobody is signed in")
        return
    yield rights(run, loaded)
    try:
        contacts = list(reach.own_contacts(run, loaded))
    except ReconcileError as error:
        yield of_error(reach.REACHED, error)
        return
    yield from pool.map(partial(reach.reach, run), contacts)


def _versions() -> Check:
    named = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    own = version("reconcile-azureml")
    return ok("versions", f"reconcile {own}, Python {platform.python_version()}, {named}")
