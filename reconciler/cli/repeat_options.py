"""The options that a line to type next repeats: without them it would mean something else."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from reconciler.cli.options import INPUTS
from reconciler.operations.approval import MAX_DELETIONS

NAMING = ("target", "only", "adopt", "retry", "allow_outage", "unprotect", "check")
"""Each takes an address, or a word, and may be given again."""


def same_options(options: Mapping[str, Any]) -> list[str]:
    """Return, as words for a shell, what a command was told to cover and allowed to do.

    Not how it is to do that (`--timeout`, `--parallelism`), and no `--yes`: who types it again
    looks at the plan again.
    """
    words = [
        part
        for name, flag in INPUTS.items()
        for one in options.get(name, ())
        for part in (flag, one)
    ]
    words += [
        part
        for name in NAMING
        for one in options.get(name, ())
        for part in (f"--{name.replace('_', '-')}", one)
    ]
    words += ["--prune"] if options.get("prune") else []
    words += ["--policy", options["policy"]] if options.get("policy") else []
    words += ["--no-preflight"] if options.get("no_preflight") else []
    words += ["--no-prices"] if options.get("no_prices") else []
    words += ["--no-wait"] if options.get("no_wait") else []
    most = options.get("max_deletions", MAX_DELETIONS)
    words += ["--max-deletions", str(most)] if most != MAX_DELETIONS else []
    return [shlex.quote(word) for word in words]
