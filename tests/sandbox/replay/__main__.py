"""`python -m tests.sandbox.replay`: replay the recordings and print the figures."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from reconciler.sandbox.launch import launch
from tests.sandbox.replay.compare import Difference
from tests.sandbox.replay.figures import SUMMARY, lines, summary
from tests.sandbox.replay.recordings import RECORDED
from tests.sandbox.replay.run import listed, replay
from tests.support.sandbox import Sandbox


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.replay", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--write", action="store_true", help=f"write {SUMMARY.name} anew")
    parser.add_argument("--differences", action="store_true", help="print each difference too")
    options = parser.parse_args()
    if not RECORDED.is_dir():
        sys.exit("error: the recordings (../shared/azure-recorded) are not beside the project")
    # The sandbox ends by itself once nobody uses it: it may still be at its folder.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state,
        launch(Path(state), clock="instant") as server,
    ):
        outcome = replay(Sandbox(server))
    found = summary(outcome)
    text = json.dumps(found, indent=2) + "\n"
    if options.write:
        SUMMARY.write_text(text, encoding="utf-8")
    out = sys.stdout.write
    if options.differences:
        for one in outcome.found:
            out(f"{one.exchange} {one.aspect}: {one.what}\n")
    known = {one for row in listed() for one in row.each()}
    out(text if options.json else "\n".join(lines(found)) + "\n")
    return _report_unlisted(set(outcome.found), known)


def _report_unlisted(found: set[Difference], known: set[Difference]) -> int:
    for title, ones in (("not listed", found - known), ("no longer there", known - found)):
        for one in sorted(ones):
            sys.stderr.write(f"{title}: {one.exchange} {one.aspect}: {one.what}\n")
    return int(found != known)


if __name__ == "__main__":
    sys.exit(main())
