"""The promises of the README, on the whole scenario: money, traffic, deletion, secrets."""

from collections import Counter

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import RefusedError
from reconciler.engine.types import Action, Status
from reconciler.kinds import KINDS
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.render.reason_text import explanations
from tests.support.azure import Azure, edited

SPEC = "specs/phi3-ultrachat.yaml"


@pytest.fixture(scope="module")
def world(server, tmp_path_factory):
    return Azure(server).applied_world(edited(tmp_path_factory.mktemp("spec"), SPEC))


@pytest.fixture
def applied(azure, world):
    """The whole scenario, converged."""
    azure.restore(world)
    return azure


def changes(azure, loaded):
    return [
        (c.address, c.action, [(f.label, f.before, f.after) for f in c.fields])
        for c in azure.plan(loaded).changes
        if c.action.is_change
    ]


def test_one_edited_number_is_one_line(applied, tmp_path):
    loaded = edited(
        tmp_path, SPEC, ("max_instances: 1", "max_instances: 2"), ("cores: 48", "cores: 72")
    )
    found = {address: rest for address, *rest in changes(applied, loaded)}
    assert found["compute.gpu-cluster"] == [Action.UPDATE, [("max_instances", 1, 2)]]


QUESTIONS = (
    "/locks", "/permissions", "/quotas", "/vmsizes", "/skus", "assignedto",
    "checkpolicyrestrictions", "/_dns/", "/_prices/",
)  # fmt: skip
"""What only the checks before the first write ask for."""
GROWN = (("max_instances: 1", "max_instances: 2"), ("cores: 48", "cores: 72"))


def asked(azure, loaded):
    azure.clear_journal()
    azure.plan(loaded)
    return Counter(
        f"{e['method']} {e['path']}?{e.get('query', '')}".lower() for e in azure.journal()
    )


def test_the_checks_cost_a_quiet_plan_nothing_and_another_at_most_six_questions(applied, tmp_path):
    quiet = edited(tmp_path, SPEC)
    assert len(quiet.resources) == 23
    before = asked(applied, quiet)
    assert [one for one in before if any(word in one for word in QUESTIONS)] == []
    more = asked(applied, edited(tmp_path, SPEC, *GROWN)) - before
    assert 4 <= more.total() <= 6, more
    assert {one.partition(" ")[0] for one in more} == {"get"}
    assert set(more.values()) == {1}


def test_another_learning_rate_is_one_new_run(applied, tmp_path):
    loaded = edited(tmp_path, SPEC, ("learning_rate: 0.00002", "learning_rate: 0.00003"))
    runs = [(a, action) for a, action, _ in changes(applied, loaded) if action is Action.RUN]
    assert runs == [("jobs.finetune", Action.RUN)]
    planned = applied.plan(loaded).change_of("jobs.finetune")
    assert "learning_rate: 0.00002 -> 0.00003" in " ".join(explanations(planned))


def test_a_finished_run_is_never_submitted_again(applied, tmp_path):
    loaded = edited(tmp_path, SPEC)
    applied.clear_journal()
    for _ in range(3):
        applied.apply(loaded)
    assert [w for w in applied.writes() if "/jobs/" in w] == []


def test_a_new_run_leaves_the_old_model_serving_until_the_new_one_is_there(applied, tmp_path):
    loaded = edited(tmp_path, SPEC, ("learning_rate: 0.00002", "learning_rate: 0.00003"))
    _, problems = applied.apply(loaded)
    assert problems == []
    assert changes(applied, loaded) == []


def test_destroying_the_endpoint_leaves_the_rest(applied, tmp_path):
    loaded = edited(tmp_path, SPEC)
    report = applied.destroy(loaded, only=["endpoints.phi3-ultrachat-ep"])
    gone = {o.address for o in report.outcomes if o.action is Action.DELETE}
    assert gone == {
        "endpoints.phi3-ultrachat-ep",
        "endpoints.phi3-ultrachat-ep.traffic",
        "deployments.blue",
    }
    assert all(o.status is Status.DONE for o in report.outcomes if o.action is Action.DELETE)
    missing = {c.address for c in applied.plan(loaded).changes if c.observed is None}
    assert missing == gone


def test_a_protected_workspace_survives_a_destroy_with_all_that_it_needs(applied, tmp_path):
    loaded = edited(tmp_path, SPEC, ("workspace: {protect: false} ", "workspace: {protect: true} "))
    planned = plan_destroy(loaded, applied.connection(loaded))
    kept = {c.address for c in planned.changes if c.action is Action.NO_OP and c.observed}
    assert {
        "workspace",
        "workspace.storage_account",
        "workspace.key_vault",
        "resource_group",
    } <= kept


def test_a_plan_writes_nothing_and_reads_no_secret(azure, tmp_path):
    loaded = edited(tmp_path, SPEC)
    azure.plan(loaded)
    azure.apply(loaded)
    azure.clear_journal()
    azure.plan(loaded)
    methods = {e["method"] for e in azure.journal()}
    assert methods == {"GET"}


LISTS = {place.collection for handler in KINDS for place in handler.within} | {"resources"}
"""Lists: one a parent, however much is in it, and in some only what is no longer in the spec."""


def test_a_plan_asks_for_fewer_things_than_there_are(applied, tmp_path):
    loaded = edited(tmp_path, SPEC)
    applied.clear_journal()
    applied.plan(loaded)
    asked = [entry["path"] for entry in applied.journal() if entry["method"] == "GET"]
    paths = [path.partition("?")[0] for path in asked]
    lists = [path for path in paths if path.rpartition("/")[2] in LISTS]
    assert len(paths) - len(lists) < len(loaded.resources)
    assert len(set(asked)) == len(asked)


def test_a_read_only_connection_refuses_to_write(azure, tmp_path):
    loaded = edited(tmp_path, SPEC)
    connection: RunScope = azure.connection(loaded, read_only=True)
    with pytest.raises(RefusedError, match="read-only"):
        connection.arm.put("/subscriptions/x/resourceGroups/y", "2025-04-01", {})
    assert azure.writes() == []


def test_the_key_of_the_endpoint_is_nowhere_to_be_seen(applied, tmp_path):
    loaded = edited(tmp_path, SPEC)
    endpoint = loaded.resources["endpoints.phi3-ultrachat-ep"].resource_id
    connection = applied.connection(loaded)
    keys = connection.arm.post(f"{endpoint}/listKeys", "2026-05-01")
    planned = applied.plan(loaded)
    assert keys["primaryKey"]
    assert keys["primaryKey"] not in repr(planned)


def test_a_rotated_key_is_mended_and_an_equal_one_is_left_alone(applied, tmp_path):
    loaded = edited(tmp_path, SPEC)
    endpoint = loaded.resources["endpoints.phi3-ultrachat-ep"].resource_id
    applied.connection(loaded).arm.post(
        f"{endpoint}/regenerateKeys", "2026-05-01", {"keyType": "Primary"}
    )
    applied.clear_journal()
    report, problems = applied.apply(loaded)
    assert problems == []
    done = [o.address for o in report.outcomes if o.status is Status.DONE]
    assert done == ["connections.phi3-connection"]
    assert all("/connections/" in w for w in applied.writes())
    applied.clear_journal()
    applied.apply(loaded)
    assert applied.writes() == []
