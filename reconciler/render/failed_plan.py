"""The outputs of a plan that could not be made: an invalid spec, no sign-in, an outage.

Who reads a plan by program or as a comment gets the same form, with the problems in it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import JsonObject
from reconciler.render.diagnostics_text import lines_of_file
from reconciler.render.plan_json import FORMAT_VERSION, diagnostic
from reconciler.render.plan_markdown import code, problem_rows, title_of

_NAME = re.compile(r"name:\s*[\"']?([a-z0-9-]+)")


def failed_plan_json(error: ReconcileError, source: str) -> str:
    """Return the document of a plan without changes, `errored`, with every problem."""
    found: JsonObject = {
        "format_version": FORMAT_VERSION,
        "spec": spec_name(source),
        "target": None,
        "applyable": False,
        "complete": False,
        "errored": True,
        "effect": None,
        "resource_changes": [],
        "resource_drift": [],
        "not_applied": [],
        "not_stated": [],
        "ignored_weaker": [],
        "leftovers": [],
        "attention": [],
        "diagnostics": [diagnostic(item) for item in error.diagnostics],
        "checks": [],
        "cost": None,
        "cost_sentence": "",
    }
    return json.dumps(found, indent=2, ensure_ascii=True, default=str) + "\n"


def failed_drift_markdown(error: ReconcileError, source: str) -> str:
    """Return the comment of a drift that nobody knows, under the mark of drift."""
    return failed_plan_markdown(error, source, "drift", "-drift")


def failed_plan_markdown(
    error: ReconcileError, source: str, what: str = "plan", mark: str = ""
) -> str:
    """Return the comment: under the same mark, so that it takes the place of the last one."""
    name = spec_name(source)
    shown = name or (Path(source).name if source != "-" else "standard input")
    parts = [
        *title_of(f"{name}{mark}", f"reconcile {what}: blocked"),
        f"No plan could be made of {code(shown)}:",
        "\n".join(problem_rows(error.diagnostics)),
    ]
    return "\n\n".join(parts) + "\n"


def spec_name(source: str) -> str:
    """Return the name that a spec gives itself, as far as its text tells; "" where it does not."""
    rows = () if source == "-" else lines_of_file(source)
    named = (_NAME.match(row) for row in rows)
    return next((found[1] for found in named if found), "")
