"""What could be had instead: within the region first, each offer one that can be applied."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.findings import Finding, Level
from reconciler.engine.policy import Policy
from reconciler.operations.plan.checks.alternatives import MEANS
from tests.support.checked import CLUSTER, DS, GPU, SIZE, blockers, limit, smallest

A100 = (SIZE, "size: Standard_NC24ads_A100_v4")
T4 = "standard NCASv3_T4 Family"
LOCATION = "location: westeurope"


def location(name: str) -> tuple[str, str]:
    return LOCATION, f"location: {name}"


def bar(azure: Any, size: str, region: str = "westeurope") -> None:
    azure.control("POST", "sizes", {"size": size, "location": region, "barred": True})


def found(azure: Any, spec: Any, check: str, **options: Any) -> Finding:
    (finding,) = [f for f in azure.plan(spec, **options).findings if f.id == check]
    return finding


def regions(finding: Finding) -> list[str]:
    lines = [way.partition("  #")[0] for way in finding.alternatives]
    return [line.removeprefix("location: ") for line in lines if line.startswith("location:")]


def each_can_be_applied(azure: Any, tmp_path: Any, finding: Finding, *spec: tuple[str, str]) -> int:
    """Apply the spec once with each offer in it, where the world is else as it was."""
    before = azure.snapshot()
    held = dict(spec)
    lines = {"size": held.get(SIZE, SIZE), "location": held.get(LOCATION, LOCATION)}
    for way in finding.alternatives:
        line, _, comment = way.partition("  # ")
        assert "cores" in comment and " GB, $" in comment
        azure.restore(before)
        smallest(tmp_path, *spec)
        text = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
        old = lines[line.partition(":")[0]]
        assert text.count(old) == 1
        taken = smallest(tmp_path, *spec, (old, line))
        assert blockers(azure.plan(taken)) == set()
        assert azure.apply(taken)[1] == []
    return len(finding.alternatives)


def test_a_size_that_a_region_does_not_have_is_had_nearby(azure: Any, tmp_path: Any) -> None:
    """No GPU is offered in ukwest: data would have to move, and that is said."""
    limit(azure, GPU, 48)
    spec = (A100, location("ukwest"))
    azure.clear_journal()
    finding = found(azure, smallest(tmp_path, *spec), "size-not-in-region")
    asked = [e for e in azure.journal() if "/locations/ukwest/" not in e["path"]]
    asked = [e for e in asked if e["path"].endswith(("/vmSizes", "/usages", "/skus"))]
    assert len(asked) <= 16
    assert len(regions(finding)) == 3 and all(MEANS in way for way in finding.alternatives)
    assert "did you mean" not in finding.hint
    hint = finding.diagnostic.hint.splitlines()
    assert hint == ["write one of these in the spec:", *finding.alternatives]
    assert each_can_be_applied(azure, tmp_path, finding, *spec) == 3
    assert azure.writes()


def test_a_barred_size_is_replaced_within_the_region_first(azure: Any, tmp_path: Any) -> None:
    for family in (GPU, "standardNCADSH100v5Family", "standardNVADSA10v5Family"):
        limit(azure, family, 200)
    bar(azure, "Standard_NC24ads_A100_v4")
    bar(azure, "Standard_NC40ads_H100_v5")
    bar(azure, "Standard_NC24ads_A100_v4", "swedencentral")
    finding = found(azure, smallest(tmp_path, A100), "size-barred")
    assert "NV36ads_A10" in finding.alternatives[0]
    assert not any("H100_v5" in way and "NC40" in way for way in finding.alternatives)
    assert "swedencentral" not in regions(finding)
    assert each_can_be_applied(azure, tmp_path, finding, A100) == 3


def test_too_few_cores_lead_to_a_region_only_where_all_of_it_fits(
    azure: Any, tmp_path: Any
) -> None:
    """Of low priority nothing is left anywhere, and of other GPUs nothing was ever granted."""
    limit(azure, "TotalLowPriorityCores", 0)
    limit(azure, GPU, 48)
    azure.control("POST", "quota", {"family": GPU, "location": "westeurope", "limit": 24})
    azure.control("POST", "quota", {"family": GPU, "location": "swedencentral", "limit": 47})
    finding = found(azure, smallest(tmp_path, A100), "cores")
    assert finding.alternatives[0] == "max_instances: 1  # 24 cores"
    assert len(regions(finding)) == 2 and "swedencentral" not in regions(finding)


def test_what_exists_is_not_sent_elsewhere(azure: Any, tmp_path: Any, applied: Any) -> None:
    finding = found(
        azure, smallest(tmp_path, (SIZE, "size: Standard_Nonesuch")), "size-not-in-region"
    )
    assert regions(finding) == []
    limit(azure, GPU, 48)
    made = azure.plan(smallest(tmp_path, A100), alternatives=True)
    assert all(regions(f) == [] for f in made.findings)


def test_a_retired_size_leads_to_one_that_has_as_much(azure: Any, tmp_path: Any) -> None:
    limit(azure, T4, 64)
    allowed = (
        "workspace: {protect: false}",
        "workspace: {protect: false}\n  compute: {allow_retired: true}",
    )
    spec = ((SIZE, "size: Standard_NC6s_v3"), allowed)
    finding = found(azure, smallest(tmp_path, *spec), "size-not-in-region")
    assert finding.alternatives[0].startswith("size: Standard_NC8as_T4_v3  # 8 cores, 1 GPU")
    assert each_can_be_applied(azure, tmp_path, finding, *spec) == 2


def test_nothing_is_asked_of_other_regions_where_nothing_is_short(
    azure: Any, tmp_path: Any
) -> None:
    azure.clear_journal()
    made = azure.plan(smallest(tmp_path))
    assert [f for f in made.findings if f.alternatives] == []
    assert [e for e in azure.journal() if "/locations/northeurope/" in e["path"]] == []


def test_alternatives_are_told_on_request_and_stop_nothing(
    azure: Any, tmp_path: Any, run: Any
) -> None:
    limit(azure, DS, 100)
    finding = found(azure, smallest(tmp_path), "alternatives", alternatives=True)
    assert (finding.level, finding.address) == (Level.NOTE, CLUSTER)
    assert len(finding.alternatives) == 3
    assert not any("Standard_NC" in way for way in finding.alternatives)
    code, out = run("plan", "--alternatives", spec=str(tmp_path / "spec.yaml"))
    assert code == 0 and f"`{CLUSTER}` could have other machines" in out
    assert "To apply it:" in out


def sizes_of(finding: Finding) -> list[str]:
    return [way.split()[1] for way in finding.alternatives if way.startswith("size:")]


def test_what_the_policy_does_not_allow_is_no_way_out(azure: Any, tmp_path: Any) -> None:
    limit(azure, DS, 100)
    free = found(azure, smallest(tmp_path), "alternatives", alternatives=True)
    rules = Policy(allow={"sizes": ("STANDARD_DS3_*",)})
    held = found(azure, smallest(tmp_path), "alternatives", alternatives=True, policy=rules)
    assert sizes_of(free) and sizes_of(held) == []
    assert held.alternatives, "fewer, and low priority, of the same size"


def test_a_region_that_the_policy_does_not_allow_is_not_offered(azure: Any, tmp_path: Any) -> None:
    limit(azure, GPU, 48)
    spec = smallest(tmp_path, A100, location("ukwest"))
    first, *others = regions(found(azure, spec, "size-not-in-region"))
    rules = Policy(allow={"locations": (f"{others[0][:-1]}*",)})
    held = regions(found(azure, spec, "size-not-in-region", policy=rules))
    assert first not in held and others[0] in held


def test_a_size_that_is_short_is_not_replaced_by_one_that_the_policy_bars(
    azure: Any, tmp_path: Any
) -> None:
    limit(azure, GPU, 24)
    limit(azure, "standardNCADSH100v5Family", 400)
    free = found(azure, smallest(tmp_path, A100), "cores")
    rules = Policy(allow={"sizes": ("Standard_NC24ads_A100_v4",)})
    held = found(azure, smallest(tmp_path, A100), "cores", policy=rules)
    assert any("H100" in way for way in free.alternatives)
    assert held.alternatives and not any(way.startswith("size:") for way in held.alternatives)


@pytest.mark.parametrize("what", ["vmSizes", "usages"])
def test_a_region_that_does_not_answer_is_not_offered(azure: Any, tmp_path: Any, what: str) -> None:
    limit(azure, GPU, 48)
    fault = {"path": f"/locations/uksouth/{what}", "action": {"status": 403}, "times": 0}
    azure.control("POST", "faults", fault)
    finding = found(azure, smallest(tmp_path, A100, location("ukwest")), "size-not-in-region")
    azure.control("DELETE", "faults")
    assert "uksouth" not in regions(finding) and len(regions(finding)) == 3
