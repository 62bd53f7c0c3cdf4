"""`python -m tests.sandbox.examples [--all]`: print the figures, with --all every exception."""

from __future__ import annotations

import json
import sys

from tests.sandbox.examples.requests import EXAMPLES, HERE
from tests.sandbox.examples.run import lines, run


def main() -> int:
    """Print the figures; with `--write` keep the counts in figures.json."""
    if not EXAMPLES.is_dir():
        sys.stderr.write("the official examples are not beside the project (../shared)\n")
        return 2
    outcome = run()
    for line in lines(outcome):
        sys.stdout.write(line + "\n")
    if "--all" in sys.argv:
        for example, why in sorted(outcome.refused.items()):
            sys.stdout.write(f"refused  {example}: {why[:300]}\n")
        for line in outcome.missed:
            sys.stdout.write(f"missed  {line[:300]}\n")
    if "--write" in sys.argv:
        (HERE / "figures.json").write_text(json.dumps(outcome.figures(), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
