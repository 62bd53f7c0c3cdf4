"""What is said of a plan, and that every format of it says the same."""

import json
from dataclasses import replace

import pytest
from built import GROUP, cluster, in_a_pipe, resource, views

from reconciler.engine.decisions import Change, Create, Delete, NoOp, Replace, Run, Update
from reconciler.engine.types import FieldDiff, Observed, Resource
from reconciler.operations.load import load
from reconciler.operations.plan.build import Plan
from reconciler.reasons import CannotUpdateInPlace, InputChange, InputsChanged, NoLongerInSpec
from reconciler.render.fields import Views
from reconciler.render.kind_views import kind_views
from reconciler.render.plan_html import plan_html
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_page import page_of
from reconciler.render.plan_text import plan_lines
from reconciler.spec.sections import sections_of
from tests.support.azure import ROOT

SPEC = ROOT / "specs/phi3-ultrachat.yaml"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


def from_empty(text=None):
    """Return the plan of the whole scenario for an empty subscription."""
    loaded = load(str(SPEC))
    changes = tuple(
        Change(r, None, Run() if r.address.startswith("jobs.") else Create())
        for r in loaded.resources.values()
    )
    made = Plan(loaded.spec.name, loaded.spec.target, changes, loaded.graph, loaded.warnings)
    return Views(made, kind_views(), loaded.spec.tags, sections_of(loaded.spec))


def entry_of(page, address):
    return next(e for e in page.entries if e.address == address)


def rows_of(page, address):
    return {row.name: row.after for row in entry_of(page, address).rows}


@pytest.fixture(scope="module")
def page():
    return page_of(from_empty())


def test_something_new_shows_what_the_spec_states_as_it_spells_it(page):
    assert rows_of(page, "compute.gpu-cluster") == {
        "type": "amlcompute",
        "size": "Standard_NC24ads_A100_v4",
        "tier": "dedicated",
        "min_instances": "0",
        "max_instances": "1",
        "idle_time_before_scale_down": "120",
        "identity.type": "user_assigned",
        "identity.user_assigned_identities": "identities.finetunephi-managedidentity",
    }
    assert rows_of(page, "deployments.blue") == {
        "endpoint_name": "phi3-ultrachat-ep",
        "model": "models.phi3-ultrachat",
        "instance_type": "Standard_NC24ads_A100_v4",
        "instance_count": "1",
    }
    assert entry_of(page, "deployments.blue").footnote == "17 defaults"


def test_what_no_field_of_the_body_says_is_shown_too(page):
    assert rows_of(page, "flows.chat")["path"] == "../examples/flows/phi3-chat"
    assert rows_of(page, "flows.chat")["connections.connection"] == "connections.phi3-connection"
    assert rows_of(page, "datasets.ultrachat")["source.split"] == "train_sft[:1%]"


def test_a_grant_is_shown_with_where_it_holds_and_for_whom(page):
    grant = rows_of(page, "identities.finetunephi-managedidentity.acr-pull")
    assert grant["role"] == "AcrPull"
    assert grant["scope"] == "workspace.container_registry"
    assert "identities.finetunephi-managedidentity" in grant["principal"]


def test_names_are_always_there(page):
    shown = {e.address: e.what for e in page.entries}
    assert shown["workspace.storage_account"] == "storage account finetunephistorage"
    assert shown["workspace.key_vault"] == "key vault finetunephi-kv"
    assert shown["compute.gpu-cluster"] == "compute cluster"  # its address says it
    assert shown["identities.finetunephi-managedidentity.acr-pull"] == "role assignment"


def test_an_address_of_a_connection_is_no_secret_and_its_key_is(page):
    connection = rows_of(page, "connections.phi3-connection")
    assert connection["keys.key"] == "(sensitive value)"
    assert connection["keys.endpoint"].startswith("endpoints.phi3-ultrachat-ep.scoring_uri")


def test_with_v_the_defaults_are_there(page):
    full = rows_of(page_of(from_empty(), verbose=True), "deployments.blue")
    assert full["request_settings.request_timeout_ms"] == "90000"
    assert full["liveness_probe.initial_delay"] == "600"
    assert len(full) == len(rows_of(page, "deployments.blue")) + 17


def test_attention_is_drawn_to_rights_runs_and_open_doors(page):
    found = {item.id: item for item in page.attention}
    assert found["privileged-role"].what == "grants Contributor on resource_group"
    assert found["paid-run"].addresses == ("jobs.finetune",)
    assert "workspace.storage_account" in found["public-network"].addresses
    assert page.attention[0].id == "privileged-role"


def test_every_format_says_what_needs_attention_and_every_warning(page):
    plan = from_empty()
    text, comment = in_a_pipe(plan_lines(plan)), plan_markdown(plan)
    document = json.loads(plan_json(plan))
    assert [item["id"] for item in document["attention"]] == [item.id for item in page.attention]
    for item in page.attention:
        assert item.what in text
        assert item.what in comment
        assert all(address in comment for address in item.addresses)
    for warning in page.warnings:
        assert warning.hint in comment
        assert warning.hint in json.dumps(document)


def test_the_comment_of_the_scenario_is_short_and_names_everything(page):
    comment = plan_markdown(from_empty())
    visible = comment.partition("<details>")[0]
    assert len(visible.splitlines()) <= 60
    for entry in page.entries:
        assert entry.address in visible
        assert entry.what in visible
    for role in ("Contributor", "Storage Blob Data Reader", "AcrPull"):
        assert f"role: {role}" in visible


@pytest.mark.parametrize(
    ("held", "what"),
    [
        (True, "will be deleted and created again, with the data in it"),
        (False, "will be deleted and created again"),
    ],
)
def test_a_loss_is_told_first_and_of_data_as_such(held, what):
    size = FieldDiff(("properties", "vmSize"), "size", "a", "b", forces_replace=True)
    lost = Change(
        cluster(holds_data=held), Observed({}), Replace((size,), CannotUpdateInPlace(("size",)))
    )
    found = page_of(views(lost)).attention
    assert [(item.what, item.addresses) for item in found] == [(what, ("compute.gpu-cluster",))]


def test_one_edit_on_many_resources_is_said_once():
    edit = FieldDiff(("tags", "team"), "tags.team", "a", "b")
    many = [
        Change(resource(f"endpoints.e{n}", "endpoint"), Observed({}), Update((edit,)))
        for n in range(5)
    ]
    other = FieldDiff(("tags", "team"), "tags.team", "a", "c")
    plan = views(*many, Change(resource("hub", "hub"), Observed({}), Update((other,))))
    page = page_of(plan)
    assert [e.address for e in page.entries] == ["hub"]
    text = in_a_pipe(plan_lines(plan))
    assert text.count("tags.team: a -> b") == 1
    assert "tags.team: a -> b on 5 resources" in text
    assert "endpoints.e0, endpoints.e1, endpoints.e2, endpoints.e3, endpoints.e4" in text
    assert "6 to update" in text
    assert "tags.team: a -> b on 5 resources" in plan_markdown(plan)
    assert len(json.loads(plan_json(plan))["resource_changes"]) == 6


def test_a_run_with_other_inputs_shows_those_and_counts_the_rest():
    body = {"properties": {"learning_rate": 2, "epochs": 1, "seed": 3}}
    why = InputsChanged((InputChange("learning_rate", "1", "2"),), "finetune-0", "Completed")
    plan = views(Change(resource("jobs.finetune", "job", body), None, Run(why)))
    text = in_a_pipe(plan_lines(plan))
    assert "learning_rate: 1 -> 2" in text
    assert "epochs" not in text
    assert "(2 inputs as before: -v shows them)" in text
    assert "epochs: 1" in in_a_pipe(plan_lines(plan, verbose=True))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/one", "one"),
        (
            f"{SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Storage/storageAccounts/one",
            "one (in other)",
        ),
        (f"{GROUP}/providers/M.X/workspaces/ws/computes/gpu", "ws/gpu"),
        (SUBSCRIPTION, "subscription 00000000-0000-0000-0000-000000000000"),
        (f"{SUBSCRIPTION}/resourceGroups/other", "resource group other"),
        (
            "/subscriptions/11111111-0000-0000-0000-000000000000/resourceGroups/other",
            "resource group other of subscription 11111111-0000-0000-0000-000000000000",
        ),
        ("/subscriptions", "/subscriptions"),
        ("no id", "no id"),
    ],
)
def test_an_id_is_a_name_and_where_that_is_if_it_is_elsewhere(value, shown):
    assert views().place(value) == shown


def test_what_left_the_spec_is_in_every_format():
    gone = Change(
        Resource("endpoints.old", "online endpoint", f"{GROUP}/x/old", {}),
        Observed({}),
        Delete(NoLongerInSpec()),
    )
    plan = replace(views(), plan=replace(views().plan, leftovers=(gone,)))
    for text in (in_a_pipe(plan_lines(plan)), plan_markdown(plan), plan_json(plan)):
        assert "endpoints.old" in text
        assert "Azure matches the spec" not in text


def test_a_plan_of_some_targets_says_that_it_is_partial():
    found = views(Change(cluster(), Observed({}), NoOp()))
    plan = replace(found, plan=replace(found.plan, targets=("compute",)))
    for text in (in_a_pipe(plan_lines(plan)), plan_markdown(plan), plan_html(plan)):
        assert "Partial: only compute and what it needs was looked at" in text
        assert "matches the spec" not in text
    assert json.loads(plan_json(plan))["complete"] is False
    assert json.loads(plan_json(found))["complete"] is True


def test_nothing_needs_attention_where_nothing_happens():
    assert page_of(views(Change(cluster(), Observed({}), NoOp()))).attention == ()
