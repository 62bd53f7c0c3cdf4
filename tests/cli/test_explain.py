"""`reconcile explain`: every field of the spec, by paths and by addresses, and what is near."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from reconciler.kinds.spec_places import all_paths, find
from reconciler.operations.load import load
from reconciler.render.explain_text import explained
from reconciler.spec.shipped import PACKAGE, root, specs


def told(path: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is printed for a path."""
    assert main(["explain", path] if path else ["explain"]) == ExitCode.OK
    return capsys.readouterr().out


def test_a_field_tells_type_default_change_meaning_and_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = told("compute.size", capsys)
    assert "compute.NAME.size" in shown
    assert "The VM size of each node" in shown
    assert "type      a VM size such as" in shown
    assert "default   required" in shown
    assert "a change  replaced: " in shown
    assert "from specs/phi3-ultrachat.yaml:\n\n    size: Standard_NC24ads_A100_v4" in shown


def test_allowed_values_and_a_default_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    shown = told("compute.tier", capsys)
    assert "values    `dedicated`, `low_priority`" in shown
    assert "default   `dedicated`" in shown


def test_a_field_that_changes_in_place_is_not_told_as_replaced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "a change  updated in place" in told("compute.max_instances", capsys)
    assert "a change  the job runs again" in told("jobs.*.hyperparameters", capsys)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("compute.gpu.size", "compute.size"),
        ("compute.size.size", "compute.size"),
        ("quota[0].cores", "quota.cores"),
        ("quota.2.cores", "quota.cores"),
        ("resource_group", "target.resource_group"),
        ("jobs.a.training_data", "jobs.training_data"),
        ("identities.a.acr-pull", "identities.role_assignments"),
        ("endpoints.chat.traffic", "endpoints.traffic"),
    ],
)
def test_an_address_leads_to_the_field_that_states_it(path: str, field: str) -> None:
    found, wanted = find(path), find(field)
    assert found is not None
    assert wanted is not None
    assert found.fields == wanted.fields


def test_every_field_of_the_schema_is_explained() -> None:
    for path in all_paths():
        place = find(path)
        assert place is not None, path
        assert place.fields[0][1].meaning in "".join(x.text for x in explained(place, None)), path


def test_every_resource_of_every_shipped_spec_has_a_place() -> None:
    for file in specs():
        for address in load(str(file)).resources:
            assert find(address) is not None, address


def test_the_spec_itself_lists_its_sections(capsys: pytest.CaptureFixture[str]) -> None:
    shown = told("", capsys)
    assert all(f"\n  {name} " in shown for name in ("target", "compute", "lifecycle"))


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("komputer", "did you mean `compute`?"),
        ("compute.gpu.sise", "did you mean `compute.gpu.size`?"),
        ("identities.a.tagz", "did you mean `identities.a.tags`?"),
        ("tags.x.y", "it has no fields"),
        ("zzzz", "one of: "),
    ],
)
def test_an_unknown_path_is_answered_with_the_nearest(
    path: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", path]) == ExitCode.USAGE
    assert hint in capsys.readouterr().err


def test_a_name_that_is_nearly_a_field_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "compute.sise"]) == ExitCode.OK
    assert "Did you mean `compute.size`?" in capsys.readouterr().err
    assert main(["explain", "compute.gpu"]) == ExitCode.OK
    assert "Did you mean" not in capsys.readouterr().err


def test_the_wheel_ships_the_specs_where_they_are_looked_for() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    forced = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for file in specs():
        kept = file.relative_to(root())
        installed = Path(forced[kept.parts[0]], *kept.parts[1:])
        assert installed.parts[:2] == (PACKAGE.name, "shipped")
