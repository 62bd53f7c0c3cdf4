"""One spec in several environments: what is laid over what, where errors point, what is refused."""

from pathlib import Path

import pytest

from reconciler.diagnostics import ReconcileError, SpecError, UsageError
from reconciler.operations.load import load, load_document
from reconciler.spec.document import Inputs, parse
from reconciler.spec.overlay import overlaid

SPEC = """\
version: 1
name: team
target: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: "rg-${{ environment }}", location: eastus}
tags: {team: ml, cost: low}
compute:
  cpu: {size: Standard_DS3_v2, max_instances: 1}
workspace: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws
per_environment:
  dev:
  prod:
    tags: {cost: high}
    compute:
      cpu: {max_instances: 8}
      gpu:
        size: Standard_NC24ads_A100_v4
        max_instances: none
"""


def document(text=SPEC):
    return parse(text, "spec.yaml", Path())


def test_mappings_are_merged_by_key_and_the_rest_is_replaced():
    found = overlaid(document(), Inputs("prod")).data
    assert found["tags"] == {"team": "ml", "cost": "high"}
    assert found["compute"]["cpu"] == {"size": "Standard_DS3_v2", "max_instances": 8}
    assert found["target"]["resource_group"] == "rg-prod"
    assert "per_environment" not in found


def test_each_environment_owns_what_it_makes():
    """Else a plan for one would list, and --prune delete, what another made in the same group."""
    names = {name: overlaid(document(), Inputs(name)).data["name"] for name in ("dev", "prod")}
    assert names == {"dev": "team-dev", "prod": "team-prod"}
    own = SPEC.replace("  dev:\n", "  dev: {name: sandboxed}\n")
    assert overlaid(document(own), Inputs("dev")).data["name"] == "sandboxed"
    spelt = SPEC.replace("name: team\n", 'name: "${{ environment }}-team"\n')
    assert overlaid(document(spelt), Inputs("dev")).data["name"] == "dev-team"


def test_an_error_points_at_the_line_of_the_environment():
    with pytest.raises(SpecError) as caught:
        load_document(overlaid(document(), Inputs("prod")))
    places = {str(d.position): d.summary for d in caught.value.diagnostics}
    assert places == {
        "spec.yaml:16:24": "`compute.gpu.max_instances` must be a whole number, got 'none'"
    }


def test_files_of_values_and_set_come_after_and_the_last_word_wins(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "values.yaml").write_text(
        "compute:\n  cpu:\n    max_instances: many\n  gpu: null\n"
    )
    given = Inputs("prod", (str(tmp_path / "values.yaml"),))
    with pytest.raises(SpecError) as caught:
        load(str(tmp_path / "spec.yaml"), inputs=given)
    assert str(caught.value.diagnostics[0].position).endswith("values.yaml:3:20")
    sets = ("compute.cpu.max_instances=3", "tags.note=yes: and no")
    with pytest.raises(SpecError, match="mapping"):
        load(str(tmp_path / "spec.yaml"), inputs=Inputs("prod", given.values, sets))
    loaded = load(str(tmp_path / "spec.yaml"), inputs=Inputs("prod", given.values, sets[:1]))
    assert loaded.spec.compute["cpu"].max_instances == 3
    assert "compute.gpu" not in loaded.resources


@pytest.mark.parametrize(
    ("text", "inputs", "said"),
    [
        (SPEC, Inputs(), "say which one is meant"),
        (SPEC, Inputs("pod"), "has no environment 'pod'"),
        (SPEC.partition("per_environment")[0], Inputs("dev"), "has no environment 'dev'"),
        (SPEC.partition("per_environment")[0], Inputs(), "has no value"),
        (SPEC.replace("  dev:\n", "  Dev: {}\n"), Inputs("prod"), "invalid name of an environment"),
        (SPEC.replace("  dev:\n", "  dev: [a]\n"), Inputs("prod"), "must be a mapping"),
        (SPEC.partition("per_environment")[0] + "per_environment: dev\n", Inputs("dev"), "has no"),
    ],
)
def test_what_is_not_clear_is_refused_with_its_place(text, inputs, said):
    with pytest.raises(SpecError) as caught:
        overlaid(document(text), inputs)
    assert said in caught.value.diagnostics[0].summary
    assert caught.value.diagnostics[0].position is not None


@pytest.mark.parametrize("text", ["a", "=b", "a..b=1", "a b=1", "${{a}}=1"])
def test_a_set_that_names_no_field_is_refused(text):
    with pytest.raises(UsageError, match="FIELD=VALUE"):
        overlaid(document(), Inputs("dev", sets=(text,)))


def test_a_file_of_values_has_no_environments(tmp_path):
    (tmp_path / "values.yaml").write_text("per_environment: {dev: {}}\n")
    with pytest.raises(ReconcileError, match="no `per_environment`"):
        overlaid(document(), Inputs("dev", (str(tmp_path / "values.yaml"),)))
