"""`--no-preflight`: who knows better than Azure's lists may go on, by names held all the same."""

from tests.support.checked import DS, limit, smallest, taken_by_others


def test_who_knows_better_may_go_on(azure, tmp_path, run):
    limit(azure, DS, 7)
    smallest(tmp_path)
    spec = str(tmp_path / "spec.yaml")
    code, out = run("plan", "--no-preflight", spec=spec)
    assert code == 0 and "warning: `compute.cpu-cluster`: 1 core" in out
    assert "--no-preflight" in out.rpartition("To apply it:")[2]
    code, out = run("apply", "--yes", "--no-preflight", spec=spec)
    assert code == 1 and azure.writes() != []


def test_a_saved_plan_of_who_knows_better_is_no_other_one(azure, tmp_path, run):
    limit(azure, DS, 7)
    smallest(tmp_path)
    saved = str(tmp_path / "plan.json")
    code, _ = run("plan", "--no-preflight", "--out", saved, spec=str(tmp_path / "spec.yaml"))
    assert code == 0
    code, out = run("apply", "--no-preflight", spec=saved)
    assert "changed in Azure since the plan was made" not in out
    assert code == 1 and azure.writes() != []


def test_who_knows_better_is_held_by_names_all_the_same(azure, tmp_path, run):
    taken_by_others(azure)
    smallest(tmp_path)
    assert run("plan", "--no-preflight", spec=str(tmp_path / "spec.yaml"))[0] == 5
