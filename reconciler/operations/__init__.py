"""What the commands do: load, plan, apply, destroy, status. The only place that joins all parts."""

from reconciler.operations.applying import Report, apply
from reconciler.operations.destroying import plan_destroy
from reconciler.operations.loading import Loaded, load
from reconciler.operations.planning import Plan, plan
from reconciler.operations.saved_plan import load_plan, save
from reconciler.operations.status import StatusRow, status

__all__ = [
    "Loaded",
    "Plan",
    "Report",
    "StatusRow",
    "apply",
    "load",
    "load_plan",
    "plan",
    "plan_destroy",
    "save",
    "status",
]
