"""Hand-built plans: rendering is pure, so nothing else is needed to test it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal

from reconciler.diagnostics import Diagnostic, Position
from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.diff import Rules
from reconciler.engine.durations import Duration
from reconciler.engine.findings import Finding, Level
from reconciler.engine.money import CostLine, PlanCost, Rate, RunCost, Sum, Unpriced, cost_of
from reconciler.engine.types import FieldDiff, Observed, Phase, Reference, Resource
from reconciler.operations.plan.build import Plan
from reconciler.reasons import CannotUpdateInPlace, InputChange, InputsChanged, NoLongerInSpec
from reconciler.render.fields import KindView, Views
from reconciler.render.terminal import Line, Terminal
from reconciler.secrets import Secret
from reconciler.spec.model import Target

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-chat"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws-chat"
TARGET = Target(
    subscription_id="00000000-0000-0000-0000-000000000000",
    resource_group="rg-chat",
    location="eastus",
)
KINDS = {
    "compute cluster": KindView(
        Rules(
            labels={
                "properties.properties.vmSize": "size",
                "properties.properties.scaleSettings.maxNodeCount": "max_instances",
                "properties.properties.scaleSettings.minNodeCount": "min_instances",
            },
            immutable=frozenset({"properties.properties.vmSize"}),
        )
    ),
    "connection": KindView(
        Rules(
            labels={"properties.credentials.keys.key": "keys.key"},
            write_only=frozenset({"properties.credentials.keys.key"}),
            sensitive=frozenset({"properties.credentials.keys.key"}),
        ),
        compares_at_apply=True,
    ),
}

SPEC_LINES = (
    "compute:",
    "  gpu-cluster:",
    "    size: Standard_NC24ads_A100_v4",
    "    max_instances: 2",
)


def resource(address: str, kind: str, desired: object = None, **options: object) -> Resource:
    """Return a resource whose id follows from its address."""
    resource_id = f"{WORKSPACE}/{address.replace('.', '/')}"
    body = desired if isinstance(desired, dict) else {}
    return Resource(address, kind, resource_id, body, **options)  # type: ignore[arg-type]


def cluster(**options: object) -> Resource:
    """Return a compute cluster as a handler would expand it."""
    properties = {
        "vmSize": "Standard_NC24ads_A100_v4",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
    }
    body = {
        "location": "eastus",
        "tags": {
            "team": "ml-platform",
            "use": "training",
            "reconcile-owner": "v1:chat:0123456789abcdef",
        },
        "properties": {"computeType": "AmlCompute", "properties": properties},
    }
    return resource("compute.gpu-cluster", "compute cluster", body, **options)


def scaled(before: int = 1, after: int = 2) -> FieldDiff:
    """Return the difference of one number."""
    keys = ("properties", "properties", "scaleSettings", "maxNodeCount")
    return FieldDiff(keys, "max_instances", before, after)


def views(*changes: Change, **options: object) -> Views:
    """Return a plan of the given changes, ready to render."""
    graph = {c.address: frozenset[str]() for c in changes}
    plan = Plan("chat", TARGET, changes, graph, **options)  # type: ignore[arg-type]
    return Views(plan, KINDS, {"team": "ml-platform"})


def connection() -> Resource:
    """Return a connection whose key comes from an endpoint at the moment of the write."""
    keys = {
        "endpoint": Reference("endpoints.chat", "scoring_uri"),
        "key": Reference("endpoints.chat", "primary_key", secret=True),
    }
    body = {"properties": {"category": "CustomKeys", "credentials": {"keys": keys}}}
    return resource("connections.phi3", "connection", body)


def everything() -> Views:
    """Return a plan in which every action and every special value occurs."""
    observed = Observed({"location": "eastus"})
    sized = FieldDiff(
        ("properties", "properties", "vmSize"),
        "size",
        "Standard_DS3_v2",
        "Standard_NC24ads_A100_v4",
        forces_replace=True,
    )
    hosted = FieldDiff(
        ("properties", "storageAccount"),
        "storage_account",
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/oldstorageaccount",
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/finetunephistorage",
    )
    token = FieldDiff(
        ("properties", "token"), "token", "hunter2-before", Secret("hunter2"), sensitive=True
    )
    job = resource("jobs.finetune", "job", {"properties": {"learning_rate": 0.00002}})
    rate = InputChange("learning_rate", "0.0001", "0.00002")
    flow = resource("flows.chat", "prompt flow")
    blocked = Diagnostic(
        "`workspace` already exists and is not marked as ours",
        Position("spec.yaml", 3, 5),
        detail=WORKSPACE,
        hint="choose another name, or pass `--adopt workspace` to take it over from now on",
    )
    return views(
        Change(resource("resource_group", "resource group"), observed, NoOp()),
        Change(resource("workspace", "workspace"), observed, Blocked((blocked,))),
        Change(
            resource("workspace.container_registry", "container registry"),
            observed,
            Adopt(
                (
                    FieldDiff(
                        ("tags", "reconcile-owner"), "tags.reconcile-owner", None, "v1:chat:00"
                    ),
                ),
            ),
        ),
        Change(cluster(), None, Create()),
        Change(
            resource("compute.cpu-cluster", "compute cluster"),
            observed,
            Replace((sized, scaled()), CannotUpdateInPlace(("size",))),
        ),
        Change(resource("hub", "hub"), observed, Update((hosted, token))),
        Change(job, None, Run(InputsChanged((rate,), "finetune-0123456789ab", "Completed"))),
        Change(
            resource("deployments.blue", "deployment"),
            Observed({}, phase=Phase.PENDING, message="Updating"),
            Wait("Updating", Update((FieldDiff(("sku", "capacity"), "instance_count", 1, 2),))),
        ),
        Change(connection(), None, Create()),
        Change(flow, observed, Delete(NoLongerInSpec())),
        findings=(unchecked(),),
        cost=costs(),
    )


def costs() -> PlanCost:
    """Return what a deployment more costs, beside one whose price nobody knows."""
    rate = Rate(Decimal("3.673"), "USD", "list price", "2026-11-28")
    blue = CostLine("deployments.blue", "Standard_NC24ads_A100_v4", rate, serving=Decimal(1))
    more = CostLine("deployments.green", "Standard_X", Unpriced("unknown"), serving=Decimal(1))
    run = Sum(Decimal("3.673"))
    then, took = cost_of([blue, more], "USD"), Duration(3000, 7200, 12)
    running = (RunCost("jobs.finetune", run, took), RunCost("jobs.other", Sum()))
    return PlanCost(cost_of([], "USD"), then, run, running, ("list price",))


def unchecked() -> Finding:
    """Return a finding that stops nothing."""
    return Finding(
        "lock",
        Level.WARNING,
        "",
        "not checked: whether a lock forbids what the plan would do",
        detail="no permission",
        hint="give the identity `Microsoft.Authorization/locks/read` (Reader has it)",
        checked_by="the locks of the resource group (Microsoft.Authorization/locks)",
    )


def at_80_columns(lines: Iterable[Line]) -> str:
    """Return lines as a terminal of 80 columns without colour shows them."""
    return _written(lines, width=80)


def in_a_pipe(lines: Iterable[Line]) -> str:
    """Return lines as a pipe gets them."""
    return _written(lines, width=None)


def _written(lines: Iterable[Line], *, width: int | None) -> str:
    stream = io.StringIO()
    Terminal(stream, width=width).write(lines)
    return stream.getvalue()
