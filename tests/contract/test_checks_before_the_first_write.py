"""What would fail later is told by the plan, with the way out, and nothing is written."""

import json

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from tests.support.azure import Quiet, edited
from tests.support.checked import (
    CLUSTER,
    DS,
    GPU,
    LOW,
    SIZE,
    TIER,
    blockers,
    limit,
    smallest,
)


@pytest.mark.parametrize(
    ("cores", "used", "short"),
    [(8, 0, False), (7, 0, True), (0, 0, True), (100, 0, False), (-1, 0, False)],
)
def test_a_cluster_fits_the_limit_or_is_blocked(azure, tmp_path, cores, used, *, short):
    limit(azure, DS, cores, used)
    made = azure.plan(smallest(tmp_path))
    assert blockers(made) == ({("cores", CLUSTER)} if short else set())
    assert azure.writes() == []


def test_a_shortage_names_place_numbers_and_ways_out(azure, tmp_path):
    limit(azure, DS, 6)
    (finding,) = azure.plan(smallest(tmp_path)).findings
    assert str(finding.position).rpartition("/")[2].startswith("spec.yaml:")
    assert "2 cores of standardDSv2Family are missing in westeurope" in finding.summary
    assert "6 are allowed, 0 are in use" in finding.detail
    assert "cores: 8, on_short: request" in finding.hint
    assert finding.alternatives[0] == "max_instances: 1  # 4 cores"
    assert any(way.startswith("size: Standard_") for way in finding.alternatives)
    assert "usages" in finding.checked_by


def test_each_way_out_can_be_taken(azure, tmp_path):
    limit(azure, DS, 6)
    (finding,) = azure.plan(smallest(tmp_path)).findings
    for way in finding.alternatives:
        line = way.partition("  #")[0]
        old = {"max_instances": "max_instances: 2", "size": SIZE}.get(line.partition(":")[0])
        loaded = smallest(tmp_path, (old, line) if old else TIER)
        assert blockers(azure.plan(loaded)) == set()
        _, problems = azure.apply(loaded)
        assert problems == []
        azure.control("POST", "reset", {})
        limit(azure, DS, 6)


def test_a_way_out_that_is_not_enough_is_not_offered(azure, tmp_path):
    """Of 120 cores 72 are allowed: one instance less leaves 24 too many, another size none."""
    limit(azure, GPU, 72)
    grown = edited(
        tmp_path,
        "examples/two-deployments.yaml",
        ("instance_count: 1", "instance_count: 2"),
        ("cores: 72, on_short: request", "cores: 72"),
    )
    (finding,) = [f for f in azure.plan(grown).findings if f.id == "cores"]
    assert finding.alternatives == ()
    limit(azure, "standardNCADSH100v5Family", 80)
    (finding,) = [f for f in azure.plan(grown).findings if f.id == "cores"]
    (way,) = finding.alternatives
    assert way.startswith("instance_type: Standard_NC40ads_H100_v5  # 40 cores, 1 GPU")


def test_low_priority_is_one_pool(azure, tmp_path):
    limit(azure, DS, 0)
    limit(azure, LOW, 8)
    assert blockers(azure.plan(smallest(tmp_path, TIER))) == set()
    limit(azure, LOW, 7)
    (finding,) = azure.plan(smallest(tmp_path, TIER)).findings
    assert "1 core of low priority is missing" in finding.summary
    assert azure.writes() == []


def test_the_number_of_clusters_is_held_against_the_region(azure, tmp_path):
    limit(azure, "Clusters", 5, used=5)
    assert ("clusters", CLUSTER) in blockers(azure.plan(smallest(tmp_path)))
    limit(azure, "Clusters", 6, used=5)
    assert blockers(azure.plan(smallest(tmp_path))) == set()


def test_two_deployments_more_are_told_before_the_first_patch(azure, tmp_path, applied_canary):
    """Both counts from 1 to 2: 96 cores and a cluster of 24 where 72 are allowed."""
    grown = edited(
        tmp_path, "examples/two-deployments.yaml", ("instance_count: 1", "instance_count: 2")
    )
    made = azure.plan(grown)
    assert ("cores", "deployments.green") in blockers(made) or (
        "cores",
        "deployments.blue",
    ) in blockers(made)
    with pytest.raises(RefusedError):
        azure.apply(grown)
    assert azure.writes() == []


@pytest.fixture
def applied_canary(azure, tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary")
    loaded = edited(
        folder,
        "examples/two-deployments.yaml",
        ("cores: 72, on_short: request", "cores: 72, on_short: fail"),
    )
    limit(azure, GPU, 72)
    _, problems = azure.apply(loaded)
    assert problems == []
    azure.clear_journal()
    return loaded


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Standard_DS3_v3", "did you mean `Standard_DS3_v2`?"),
        ("Standard_NC40ads_H100_v5_x", "did you mean `Standard_NC40ads_H100_v5`?"),
    ],
)
def test_a_size_that_the_region_does_not_have_is_blocked(azure, tmp_path, text, told):
    loaded = smallest(tmp_path, (SIZE, f"size: {text}"))
    (finding,) = azure.plan(loaded).findings
    assert (finding.id, finding.level) == ("size-not-in-region", Level.BLOCKER)
    assert told in finding.hint
    written = (tmp_path / "spec.yaml").read_text(encoding="utf-8").splitlines()
    assert text in written[finding.position.line - 1]
    assert azure.writes() == []


def test_a_size_in_any_case_is_the_same(azure, tmp_path):
    loaded = smallest(tmp_path, (SIZE, "size: Standard_ds3_V2"))
    assert azure.plan(loaded).findings == ()


def test_a_size_that_is_not_for_low_priority_is_blocked(azure, tmp_path):
    limit(azure, LOW, 200)
    loaded = smallest(tmp_path, (SIZE, "size: Standard_NC80adis_H100_v5"), TIER)
    (finding,) = azure.plan(loaded).findings
    assert (finding.id, finding.level) == ("size-not-for-this", Level.BLOCKER)


def test_a_capped_workspace_is_told(azure, tmp_path, applied):
    workspace = applied.resources["workspace"].resource_id
    azure.control("POST", "quota", {"family": DS, "workspace": workspace, "limit": 4})
    grown = smallest(tmp_path, ("max_instances: 2", "max_instances: 3"))
    assert blockers(azure.plan(grown)) == {("workspace-quota", CLUSTER)}
    azure.control("POST", "quota", {"family": DS, "workspace": workspace, "limit": 12})
    assert blockers(azure.plan(grown)) == set()


def test_what_is_short_by_now_is_refused_before_the_first_write(azure, tmp_path):
    loaded = smallest(tmp_path)
    made = azure.plan(loaded)
    limit(azure, DS, 4)
    with pytest.raises(RefusedError, match="cores of standardDSv2Family are missing"):
        apply(loaded, azure.connection(loaded), made, progress=Quiet())
    assert azure.writes() == []


def test_json_has_every_finding(azure, tmp_path, run):
    limit(azure, DS, 6)
    smallest(tmp_path)
    code, out = run("plan", "--output", "json", spec=str(tmp_path / "spec.yaml"))
    found = json.loads(out)
    assert code == 5 and found["errored"]
    (check,) = found["checks"]
    assert (check["id"], check["level"], check["address"]) == ("cores", "blocker", CLUSTER)
    assert check["range"]["start"]["line"] and check["alternatives"] and check["checked_by"]


def test_what_cannot_be_checked_is_a_warning_and_stops_nothing(azure, tmp_path):
    body = {"error": {"code": "AuthorizationFailed", "message": "no"}}
    azure.control(
        "POST",
        "faults",
        {
            "method": "GET",
            "path": "/(usages|vmSizes)",
            "times": 0,
            "action": {"status": 403, "body": body},
        },
    )
    made = azure.plan(smallest(tmp_path))
    assert {(f.id, f.level) for f in made.findings} == {
        ("size-not-in-region", Level.WARNING),
        ("cores", Level.WARNING),
    }
    assert blockers(made) == set() and made.stopping == []
    azure.control("DELETE", "faults")


def test_a_plan_without_changes_asks_nothing_more(azure, tmp_path):
    loaded = smallest(tmp_path)
    _, problems = azure.apply(loaded)
    assert problems == []
    azure.clear_journal()
    made = azure.plan(loaded)
    assert made.is_empty and made.findings == ()
    assert asked(azure) == []


WORDS = ("/usages", "/quotas", "/vmsizes", "/locks", "/permissions")


def asked(azure):
    return [e["path"] for e in azure.journal() if e["path"].lower().endswith(WORDS)]


def test_a_plan_with_changes_asks_each_question_once(azure, tmp_path, applied):
    made = azure.plan(smallest(tmp_path, ("max_instances: 2", "max_instances: 3")))
    assert made.findings == () and not made.is_empty
    assert sorted(path.rpartition("/")[2].lower() for path in asked(azure)) == sorted(
        word[1:] for word in WORDS
    )
    assert all(e["method"] == "GET" for e in azure.journal())


def test_a_family_that_azure_leaves_out_is_a_warning(azure, tmp_path):
    action = {"omit": f"usages/{DS}"}
    azure.control("POST", "faults", {"path": "/usages", "times": 0, "action": action})
    made = azure.plan(smallest(tmp_path))
    azure.control("DELETE", "faults")
    (finding,) = made.findings
    assert (finding.level, finding.address) == (Level.WARNING, CLUSTER)
    assert f"Azure tells no limit of {DS}" in finding.summary
