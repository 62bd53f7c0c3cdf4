"""Environments on the command line: one table, one saved plan, one name for each in Azure."""

import json

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode

SPEC = """\
version: 1
name: team
target: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-shared, location: eastus}
per_environment:
  dev: {identities: {runner-dev: {}}}
  prod: {identities: {runner-prod: {}}, tags: {stage: prod}}
"""


@pytest.fixture
def at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


def test_two_environments_in_one_group_leave_each_other_alone(at, capsys):
    for name in ("dev", "prod"):
        assert main(["apply", "spec.yaml", "--environment", name, "--sandbox", "--yes"]) == 0
    capsys.readouterr()
    words = ["plan", "spec.yaml", "--sandbox", "--prune", "--detailed-exitcode", "-o", "json"]
    code = main([*words[:2], "--environment", "dev", *words[2:]])
    found = json.loads(capsys.readouterr().out)
    assert code == ExitCode.OK, found
    assert found.get("leftovers", []) == []


def test_a_saved_plan_keeps_its_environment_and_its_values(at, capsys):
    (at / "values.yaml").write_text("tags: {team: ml}\n")
    given = ["--environment", "prod", "--values", "values.yaml", "--set", "tags.cost=low"]
    assert main(["plan", "spec.yaml", *given, "--sandbox", "--out", "plan.json"]) == 0
    assert main(["apply", "plan.json", "--sandbox", "--environment", "dev"]) == ExitCode.USAGE
    assert main(["apply", "plan.json", "--sandbox"]) == ExitCode.OK
    capsys.readouterr()
    assert main(["plan", "spec.yaml", *given, "--sandbox", "--detailed-exitcode"]) == 0
    (at / "values.yaml").write_text("tags: {team: other}\n")
    assert main(["plan", "spec.yaml", *given, "--sandbox", "--detailed-exitcode"]) == 2


def test_several_environments_are_one_table_and_one_exit_code(at, capsys):
    words = ["--environment", "dev", "--environment", "prod", "--sandbox", "--detailed-exitcode"]
    assert main(["plan", "spec.yaml", *words]) == ExitCode.CHANGES
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert [row.split("  ")[0] for row in rows[:2]] == ["spec.yaml (dev)", "spec.yaml (prod)"]
    assert rows[2] == "2 planned: 2 with changes."
    assert main(["apply", "spec.yaml", *words[:-1], "--yes"]) == ExitCode.USAGE
