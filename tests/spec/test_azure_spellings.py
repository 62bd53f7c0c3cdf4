"""Azure's own spellings of sizes, regions and references; and references where none is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import SpecError
from reconciler.engine.decisions import Change, Update
from reconciler.engine.types import FieldDiff, Observed
from reconciler.kinds import HANDLERS
from reconciler.kinds.workspace.ml_workspace import LEFT_BEHIND
from reconciler.operations.load import load_document
from reconciler.operations.plan.checks.consequences import check_consequences
from reconciler.spec.document import parse

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
WS = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws-1"
SPEC = """
version: 1
name: spelt
target: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg, location: @LOCATION@}
workspace: @WORKSPACE@
compute:
  gpu: {size: @SIZE@}
models:
  ours: {path: azureml://datastores/workspaceblobstore/paths/phi-4, version: "3"}
endpoints:
  chat: {auth_mode: @MODE@}
deployments:
  blue: {endpoint_name: chat, model: @MODEL@, instance_type: @SIZE@, environment_variables: {A: @VALUE@}}
connections:
  phi: {keys: {endpoint: "${{ endpoints.chat.scoring_uri }}", key: @KEY@}}
"""
WORDS = {
    "LOCATION": "eastus",
    "WORKSPACE": WS,
    "SIZE": "Standard_NC24ads_A100_v4",
    "MODE": "key",
    "MODEL": '"${{ models.ours }}"',
    "VALUE": "plain",
    "KEY": '"${{ endpoints.chat.primary_key }}"',
}


def loaded(**words):
    stated = {**WORDS, **words}
    text = re.sub(r"@([A-Z]+)@", lambda match: stated[match[1]], SPEC)
    return load_document(parse(text, "spec.yaml", Path()))


def refused(**words):
    with pytest.raises(SpecError) as caught:
        loaded(**words)
    return caught.value.diagnostics


def any_case(text):
    return st.lists(st.booleans(), min_size=len(text), max_size=len(text)).map(
        lambda ups: "".join(c.upper() if up else c.lower() for c, up in zip(text, ups, strict=True))
    )


@given(any_case("Standard_NC24ads_A100_v4"))
def test_a_size_is_taken_in_any_case_and_is_no_difference(size):
    found = loaded(SIZE=size).resources
    stated = found["compute.gpu"].desired["properties"]["properties"]["vmSize"]
    rules = HANDLERS[found["compute.gpu"].kind].policy.rules
    assert rules.same["properties.properties.vmSize"]("Standard_NC24ads_A100_v4", stated)


@given(st.sampled_from(["West Europe", "westeurope", "WestEurope", "WEST EUROPE", "west europe"]))
def test_a_region_is_taken_by_each_of_its_names(region):
    assert loaded(LOCATION=region).resources["endpoints.chat"].desired["location"] == "westeurope"


@pytest.mark.parametrize("ws", [f"{WS}/", WS.replace("resourceGroups", "resourcegroups")])
def test_an_id_with_a_slash_at_its_end_or_in_other_case_is_the_same(ws):
    home = loaded(WORKSPACE=ws).resources["compute.gpu"].resource_id
    assert home.casefold() == f"{WS}/computes/gpu".casefold()


@pytest.mark.parametrize(
    "model",
    [
        "azureml:ours:3",
        f"azureml:{WS}/models/ours/versions/3",
        f"{WS}/models/ours/versions/3",
        f"{WS}/models/ours/versions/3/",
    ],
)
def test_a_model_of_the_spec_is_known_in_every_spelling(model):
    blue = loaded(MODEL=model).resources["deployments.blue"]
    assert blue.desired["properties"]["model"] == f"{WS}/models/ours/versions/3"
    assert "models.ours" in blue.depends_on


@pytest.mark.parametrize("model", ["azureml:ours@latest", "ours", "azureml:ours", "./model"])
def test_what_is_no_model_is_refused_with_what_is(model):
    (problem,) = refused(MODEL=model)
    assert "version" in problem.summary.lower()


@pytest.mark.parametrize("value", ['"${{ compute.gpu }}"', '"x ${{ compute.gpu }} y"', '"${{ a"'])
def test_a_reference_where_none_is_taken_is_refused_not_sent(value):
    (problem,) = refused(VALUE=value)
    assert "`deployments.blue.environment_variables.A` takes no reference" in problem.summary
    assert problem.position


NEW = "{name: ws-1, storage_account: {name: st1}, key_vault: {name: kv-1}, application_insights: {name: ai}, image_build_compute: CLUSTER}"


@pytest.mark.parametrize("cluster", ['"${{ compute.gpu }}"', '"${{ compute.gpu.name }}"', "gpu"])
def test_the_cluster_that_builds_images_is_sent_by_its_name(cluster):
    found = loaded(WORKSPACE=NEW.replace("CLUSTER", cluster)).resources["workspace"]
    assert found.desired["properties"]["imageBuildCompute"] == "gpu"


@pytest.mark.parametrize("cluster", ['"${{ compute.gpus }}"', '"${{ workspace }}"'])
def test_what_is_no_cluster_cannot_build_images(cluster):
    problems = refused(WORKSPACE=NEW.replace("CLUSTER", cluster))
    assert "is not a cluster of this spec" in " ".join(p.summary for p in problems)


@pytest.mark.parametrize("mode", ["aml_token", "aad_token"])
@pytest.mark.parametrize("key", ["primary_key", "secondary_key"])
def test_a_key_of_an_endpoint_with_tokens_is_an_error_of_the_spec(mode, key):
    (problem,) = refused(MODE=mode, KEY=f'"${{{{ endpoints.chat.{key} }}}}"')
    assert f"has no `{key}`: its `auth_mode` is `{mode}`" in problem.summary
    assert problem.position


@pytest.mark.parametrize("link", sorted(LEFT_BEHIND))
def test_another_link_of_a_workspace_tells_what_stays_behind(link):
    workspace = loaded(WORKSPACE=NEW.replace("CLUSTER", "gpu")).resources["workspace"]
    field = FieldDiff(("properties", "x"), link, f"{GROUP}/old", f"{GROUP}/new")
    (found,) = check_consequences([Change(workspace, Observed({}), Update((field,)))])
    assert LEFT_BEHIND[link] in found.summary
    first = FieldDiff(("properties", "x"), link, None, f"{GROUP}/new")
    assert not list(check_consequences([Change(workspace, Observed({}), Update((first,)))]))
