"""Validate specs in a process that keeps every file which Python opens: a fork, as no hook goes.

For each spec there is the exit code, what was said and which paths were opened. The first time
that a name to be swapped is about to be opened it is replaced by a link to its own name in the
folder `../../outside`: the moment between the check and the open, held fast.
"""

import contextlib
import io
import os
import sys

from reconciler.cli.main import main
from tests.support.forked import in_fork

opened = []
swaps = []


def heard(event, arguments):
    """Keep what is opened; the system call has not been made yet."""
    if event != "open" or not isinstance(arguments[0], str | bytes):
        return
    path = os.fsdecode(arguments[0])
    opened.append(path)
    if swaps and path == swaps[0]:
        swap(swaps.pop())


def swap(name):
    """Put a link to the outside in the place of a file or folder, wherever it is below here."""
    for top, folders, files in os.walk("."):
        if name in (*folders, *files):
            place = os.path.join(top, name)  # noqa: PTH118 - pathlib would be heard, too
            os.rename(place, f"{place}.aside")  # noqa: PTH104
            depth = place.count("/")
            os.symlink("../" * (depth + 1) + f"outside/{name}", place)  # noqa: PTH211
            return


def validated(spec):
    """Return how a spec ended."""
    out, err = io.StringIO(), io.StringIO()
    opened.clear()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["validate", spec])
    said = out.getvalue() + err.getvalue()
    return {"code": code, "said": said, "opened": [*opened]}


def watched(specs, swapped, folder, environment):
    """Return how each spec ended in a fork; `swapped`: the name that is swapped, "" for none."""

    def call():
        os.chdir(folder)
        os.environ.update(environment)
        sys.addaudithook(heard)
        if swapped:
            validated(specs[0])  # what is imported only once is imported now
            swaps.append(swapped)
        return [validated(spec) for spec in specs]

    return in_fork(call)
