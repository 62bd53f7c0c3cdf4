"""A field under `lifecycle: {ADDRESS: {ignore: ...}}` is set at create, then left to others."""

from __future__ import annotations

import pytest

from reconciler.diagnostics import SpecError
from reconciler.engine.types import Action, Status
from tests.support.serving import API, ENDPOINT, SPEC, Azure

BLUE = f"{ENDPOINT}/deployments/blue"
IGNORING = SPEC + "lifecycle: {deployments.blue: {ignore: [instance_count]}}\n"


def scaled_out(azure: Azure) -> None:
    """Let another client scale the deployment, as an autoscaler does."""
    sku = {**azure.get(BLUE)["sku"], "capacity": 2}
    azure.arm.patch(BLUE, API, {"sku": sku})
    assert azure.get(BLUE)["sku"]["capacity"] == 2


def action_of(azure: Azure, text: str) -> Action:
    return next(c.action for c in azure.plan(text).changes if c.address == "deployments.blue")


def test_an_autoscaled_deployment_is_no_change(live: Azure) -> None:
    scaled_out(live)
    assert action_of(live, SPEC) is Action.UPDATE
    assert action_of(live, IGNORING) is Action.NO_OP
    since = live.now()
    assert live.applied(IGNORING).exit_code == 0
    assert live.writes(since) == []


@pytest.mark.parametrize(
    ("method", "old", "new"),
    [
        ("PATCH", "name: cases\n", "name: cases\ntags: {team: ml}\n"),
        ("PUT", "instance_count: 1", "instance_count: 1\n    app_insights_enabled: true"),
    ],
)
def test_another_field_is_written_and_the_ignored_one_stays(
    live: Azure, method: str, old: str, new: str
) -> None:
    scaled_out(live)
    assert old in IGNORING
    since = live.now()
    report = live.applied(IGNORING.replace(old, new, 1))
    assert [o.status for o in report.outcomes if o.address == "deployments.blue"] == [Status.DONE]
    assert [w.split()[0] for w in live.writes(since) if w.lower().endswith("/blue")] == [method]
    assert live.get(BLUE)["sku"]["capacity"] == 2


def test_what_is_made_again_gets_the_value_of_the_spec(live: Azure) -> None:
    scaled_out(live)
    live.control("POST", "drift", {"op": "delete", "id": BLUE})
    assert live.applied(IGNORING).exit_code == 0
    assert live.get(BLUE)["sku"]["capacity"] == 1


def test_a_replacement_shows_the_ignored_field_that_it_writes(live: Azure) -> None:
    scaled_out(live)
    larger = IGNORING.replace("Standard_NC24ads_A100_v4", "Standard_NC48ads_A100_v4")
    change = next(c for c in live.plan(larger).changes if c.address == "deployments.blue")
    assert change.action is Action.REPLACE
    assert {f.label for f in change.fields} == {"instance_type", "instance_count"}


@pytest.mark.parametrize(
    ("key", "field", "hint"),
    [
        ("deployments.blue", "instance_counts", "did you mean `instance_count`?"),
        ("deployments", "identity", "one of: "),
        ("deployments.blue", "instance_type", "one of: "),
        ("deployments.blue", "tags.reconcile-owner", "one of: "),
    ],
)
def test_a_field_that_cannot_be_ignored_is_an_error_with_its_place(
    live: Azure, key: str, field: str, hint: str
) -> None:
    text = SPEC + f"lifecycle:\n  {key}:\n    ignore: [{field}]\n"
    with pytest.raises(SpecError) as raised:
        live.load(text)
    (problem,) = raised.value.diagnostics
    assert problem.position is not None
    assert problem.position.line == len(text.splitlines())
    assert problem.position.column == len("    ignore: [") + 1
    assert problem.hint.startswith(hint)
