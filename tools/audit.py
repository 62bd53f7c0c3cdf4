"""Ask the advisories of PyPI about every package that the product runs with.

    python -m tools.audit

pip-audit says that there are no known vulnerabilities also where it could not ask; here what was
not audited is told, and is not clean. Exit code 0: all were audited, none has an advisory; 1: some
have; 75: some could not be audited, since the advisories cannot be reached from here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from tools.dependencies import LOCK

FOUND = 1
NOT_AUDITED = 75
COMMAND = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off")


def judged(dependencies: Iterable[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code, and what to say of pip-audit's `dependencies`."""
    held = list(dependencies)
    skipped = [item for item in held if "skip_reason" in item]
    found = [
        f"{item['name']} {item['version']}: {advisory['id']}, fixed in "
        + (", ".join(advisory["fix_versions"]) or "no version yet")
        for item in held
        for advisory in item.get("vulns", ())
    ]
    audited = f"{len(held) - len(skipped)} of {len(held)} packages audited"
    if skipped:
        audited += f"; the others not: {skipped[0]['skip_reason']}"
    code = FOUND if found else NOT_AUDITED if skipped or not held else 0
    none = ["no advisory found"] if len(held) > len(skipped) else []
    return code, [audited, *(found or none)]


def main() -> int:
    """Run pip-audit over the runtime lock, and say what came of it."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-r", str(LOCK), *COMMAND],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        print(f"not audited: {last}", file=sys.stderr)
        return NOT_AUDITED
    code, lines = judged(report["dependencies"])
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
