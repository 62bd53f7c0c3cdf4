"""A default that nobody stated counts at create; what others make of it later is told, and left."""

from __future__ import annotations

import json

import pytest

from reconciler.engine.types import Action
from reconciler.kinds import HANDLERS
from reconciler.operations.load import load
from reconciler.render.fields import Views
from reconciler.render.kind_views import kind_views
from reconciler.render.plan_html import plan_html
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_lines
from reconciler.spec.sections import sections_of
from tests.support.azure import ROOT, edited

SMALL = "examples/smallest.yaml"
STORAGE = "workspace.storage_account"
CLOSED = {"allowSharedKeyAccess": False, "publicNetworkAccess": "Disabled"}
NAMED = "storage_account: {name: smallestwsstorage}"


@pytest.fixture
def small(azure):
    """The smallest example, applied."""
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    return loaded


def change(azure, loaded, address, properties):
    found = {"op": "patch", "id": loaded.resources[address].resource_id}
    azure.control("POST", "drift", {**found, "body": {"properties": properties}})


def held(azure, loaded, address):
    resource = loaded.resources[address]
    version = HANDLERS[resource.kind].api_version
    return azure.connection(loaded).arm.get(resource.resource_id, version)["properties"]


def views(azure, loaded):
    return Views(azure.plan(loaded), kind_views(), loaded.spec.tags, sections_of(loaded.spec))


def outputs(made):
    text = "\n".join(str(row) for row in plan_lines(made))
    return [text, plan_markdown(made), plan_html(made)]


@pytest.mark.parametrize(
    ("address", "properties"),
    [
        (STORAGE, {"allowSharedKeyAccess": False}),
        (STORAGE, {"publicNetworkAccess": "Disabled"}),
        ("workspace.key_vault", {"publicNetworkAccess": "Disabled"}),
        ("workspace", {"publicNetworkAccess": "Disabled"}),
    ],
)
def test_what_others_make_of_a_default_is_told_and_left(azure, small, address, properties):
    change(azure, small, address, properties)
    made = views(azure, small)
    assert made.plan.is_empty
    for told in outputs(made):
        assert "Not stated in the spec, so left as it is" in told
        assert address in told
    (item,) = json.loads(plan_json(made))["not_stated"]
    assert item["address"] == address
    azure.clear_journal()
    azure.apply(small)
    assert azure.writes() == []
    assert held(azure, small, address).items() >= properties.items()


def test_an_update_of_another_field_leaves_it(azure, small, tmp_path):
    change(azure, small, STORAGE, CLOSED)
    tagged = edited(tmp_path, SMALL, (NAMED, NAMED.replace("}", ", tags: {a: b}}")))
    planned = azure.plan(tagged).change_of(STORAGE)
    assert [item.path for item in planned.fields] == ["tags.a"]
    azure.apply(tagged)
    assert held(azure, small, STORAGE).items() >= CLOSED.items()


def test_what_the_spec_states_is_put_right(azure, small, tmp_path):
    change(azure, small, STORAGE, CLOSED)
    stated = NAMED.replace("}", ", allow_shared_key_access: true}")
    loaded = edited(tmp_path, SMALL, (NAMED, stated))
    azure.apply(loaded)
    found = held(azure, small, STORAGE)
    assert (found["allowSharedKeyAccess"], found["publicNetworkAccess"]) == (True, "Disabled")


def test_defaults_are_put_right_where_the_spec_says_so(azure, small, tmp_path):
    change(azure, small, STORAGE, CLOSED)
    enforcing = ("lifecycle:", f"lifecycle:\n  {STORAGE}: {{enforce_defaults: true}}\n  #")
    loaded = edited(tmp_path, SMALL, enforcing)
    assert azure.plan(loaded).change_of(STORAGE).action is Action.UPDATE
    azure.apply(loaded)
    found = held(azure, small, STORAGE)
    assert (found["allowSharedKeyAccess"], found["publicNetworkAccess"]) == (True, "Enabled")


def test_what_was_opened_is_told_before_what_was_closed(azure, tmp_path):
    loaded = edited(
        tmp_path,
        SMALL,
        (
            "  application_insights:",
            "  container_registry: {name: smallestreg}\n  application_insights:",
        ),
    )
    azure.apply(loaded)
    change(azure, loaded, "workspace.container_registry", {"adminUserEnabled": True})
    change(azure, loaded, "workspace.container_registry", {"publicNetworkAccess": "Disabled"})
    found = json.loads(plan_json(views(azure, loaded)))["not_stated"]
    assert [item["field"] for item in found] == ["admin_user_enabled", "public_network_access"]


def test_what_is_made_again_gets_the_default(azure, small):
    change(azure, small, STORAGE, CLOSED)
    azure.control("POST", "drift", {"op": "delete", "id": small.resources[STORAGE].resource_id})
    azure.apply(small)
    assert held(azure, small, STORAGE)["allowSharedKeyAccess"] is True
