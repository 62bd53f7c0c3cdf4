"""A plan that goes on although its checks say what would fail: `--no-preflight`.

Azure's lists may be wrong, or behind. What was found is still told, as warnings. A name that
others have, an outage, a policy and everything else that blocks a change stay.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.decisions import Blocked, Change
from reconciler.engine.findings import Finding, Level
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.checks.run import LENIENT


def lenient(plan: Plan) -> Plan:
    """Return the plan with what its checks alone block unblocked, and their findings as warnings."""
    lifted = [f for f in plan.findings if f.level is Level.BLOCKER and f.id in LENIENT]
    changes = tuple(_unblocked(change, lifted) for change in plan.changes)
    findings = tuple(
        replace(f, level=Level.WARNING, lifted=True) if f in lifted else f for f in plan.findings
    )
    return replace(plan, changes=changes, findings=findings, lenient=True)


def _unblocked(change: Change, lifted: list[Finding]) -> Change:
    """Return a change without these findings; what it would do where nothing else blocks it."""
    told = [finding.diagnostic for finding in lifted if finding.address == change.address]
    match change.decision:
        case Blocked(diagnostics=diagnostics, of=decision) as blocked if told:
            left = tuple(one for one in diagnostics if one not in told)
            return change.deciding(replace(blocked, diagnostics=left) if left else decision)
        case _:
            return change
