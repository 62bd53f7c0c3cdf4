"""Random limits and specs: what the plan lets pass is made, and what it blocks would be refused."""

import random

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.lenient import lenient
from tests.support.azure import Quiet

SIZES = ("Standard_DS2_v2", "Standard_DS3_v2", "Standard_F4s_v2", "Standard_NC4as_T4_v3")
FAMILIES = ("standardDSv2Family", "standardFSv2Family", "standard NCASv3_T4 Family")
POOLS = (*FAMILIES, "TotalLowPriorityCores", "TotalDedicatedCores")
HEAD = """
version: 1
name: random
target: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-random,
         location: eastus}
workspace:
  name: random-ws
  storage_account: {name: randomwsstorage}
  key_vault: {name: random-ws-kv}
  application_insights: {name: random-ws-insights}
lifecycle:
  workspace: {protect: false}
"""
MODEL = "azureml://registries/azureml/models/Phi-4/versions/1"


def spec_of(draw):
    """A few clusters with nodes that are always there, and a few deployments."""
    lines = [HEAD, "compute:"]
    for index in range(draw.randint(1, 2)):
        least = draw.choice((0, 1))
        most = least + draw.randint(1, 2)
        tier = draw.choice(("dedicated", "low_priority"))
        lines.append(
            f"  pool-{chr(97 + index)}: {{size: {draw.choice(SIZES)}, tier: {tier}, "
            f"min_instances: {least}, max_instances: {most}}}"
        )
    lines += ["endpoints: {random-ep: {auth_mode: key}}", "deployments:"]
    for index in range(draw.randint(1, 2)):
        lines.append(
            f"  blue-{chr(97 + index)}: {{endpoint_name: random-ep, model: '{MODEL}', "
            f"instance_type: {draw.choice(SIZES)}, instance_count: {draw.randint(1, 3)}}}"
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(6))
def test_the_plan_and_azure_agree(azure, tmp_path, seed):
    draw = random.Random(seed)
    file = tmp_path / "spec.yaml"
    file.write_text(spec_of(draw), encoding="utf-8")
    for pool in POOLS:
        limit, used = draw.choice((4, 8, 12, 16, 24, 40)), draw.choice((0, 0, 0, 4))
        azure.control("POST", "quota", {"family": pool, "limit": limit, "used": used})
    loaded = load(str(file))
    made = azure.plan(loaded)
    assert {finding.id for finding in made.findings} <= {"cores", "gpu-memory"}
    if made.stopping:
        with pytest.raises(RefusedError):
            azure.apply(loaded)
        assert azure.writes() == []
        made = lenient(made)
    report = apply(loaded, azure.connection(loaded), made, progress=Quiet())
    refused = [p.summary for o in report.outcomes for p in o.problems]
    assert bool(refused) is made.lenient, (file.read_text(encoding="utf-8"), made.findings, refused)
