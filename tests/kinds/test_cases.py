"""Run every case file: a spec, what Azure shows, and what must be decided.

A case is YAML, its file name is the claim:

    spec:     sections to merge over a minimal spec (a key set to null is taken out)
    address:  the resource in question
    observed: the ARM body that a GET shows, or null; our mark is added unless `marked: false`
    outputs:  what is known of other resources, `{address: {attribute: value}}`
    adopt:    addresses passed with --adopt
    expect:   any of action, fields (the plan's labels), held (what only a create writes), reason,
              blocked, pending, error, warning
"""

from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reconciler.diagnostics import SpecError
from reconciler.engine.decide import resolve
from reconciler.engine.diff import held_at_create
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.load import load_document
from reconciler.operations.plan.decide import decide_one
from reconciler.render.reason_text import because, summary_of
from reconciler.spec.document import parse

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.yaml"))
BASE = {
    "version": 1,
    "name": "cases",
    "target": {
        "subscription_id": "00000000-0000-0000-0000-000000000000",
        "resource_group": "rg-cases",
        "location": "eastus",
    },
    "workspace": {
        "name": "cases-ws",
        "storage_account": {"name": "casesstorage"},
        "key_vault": {"name": "cases-kv"},
        "application_insights": {"name": "cases-insights"},
    },
}


def merged(base, over):
    """Return `base` with `over` laid on it; null takes a key out."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    both = {**base, **{k: merged(base.get(k), v) for k, v in over.items()}}
    return {k: v for k, v in both.items() if v is not None}


def load_case(case):
    text = StringIO()
    YAML().dump(merged(BASE, case.get("spec") or {}), text)
    return load_document(parse(text.getvalue(), "case.yaml", HERE), adopt=case.get("adopt", ()))


def context_of(loaded):
    """A world without a connection: what a case needs is decided without any request."""
    target = loaded.spec.target
    return HandlerContext(
        run=None,
        owner=loaded.spec.name,
        subscription_id=target.subscription_id,
        resource_group=target.resource_group,
        location=target.location,
        reads=None,
        others=lambda address: None,
        progress=None,
        resources=loaded.resources,
    )


def seen(case, loaded, resource):
    body = case.get("observed")
    if body is None:
        return None
    if case.get("marked", True) and HANDLERS[resource.kind].has_tags:
        tags = {**(body.get("tags") or {}), OWNER_TAG: mark("cases", resource.resource_id)}
        body = {**body, "tags": tags}
    return HANDLERS[resource.kind].observed(context_of(loaded), resource, body)


def decided(case, loaded):
    resource = loaded.resources[case["address"]]
    outputs = case.get("outputs") or {}

    def known(reference):
        target = loaded.resources.get(reference.address)
        if target and reference.attribute in target.known:
            return target.known[reference.attribute]
        return outputs.get(reference.address, {}).get(reference.attribute)

    desired = resolve(resource.desired, known)
    return decide_one(resource, desired, seen(case, loaded, resource))


@pytest.mark.parametrize("file", CASES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_case(file):
    case = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    expect = case["expect"]
    assert expect, "a case must expect something"
    if "error" in expect:
        with pytest.raises(SpecError) as caught:
            load_case(case)
        found = caught.value.diagnostics
        assert any(expect["error"] in d.headline for d in found), [d.headline for d in found]
        assert all(d.position for d in found)
        return
    loaded = load_case(case)
    if "warning" in expect:
        assert any(expect["warning"] in d.headline for d in loaded.warnings)
    change = decided(case, loaded)
    if "blocked" in expect:
        assert change.problems and expect["blocked"] in summary_of(change.problems[0])
    else:
        assert change.problems == ()
    if "action" in expect:
        assert change.action.name == expect["action"]
    if "fields" in expect:
        assert [f.label for f in change.fields] == expect["fields"]
    if "held" in expect:
        rules, body = HANDLERS[change.resource.kind].policy.rules, change.observed.body
        told = held_at_create(change.resource.desired, body, rules)
        assert [f.label for f in told if f.keys[-1] != OWNER_TAG] == expect["held"]
    if "reason" in expect:
        assert change.reason and expect["reason"] in because(change.reason)
    assert change.is_pending == expect.get("pending", False)
