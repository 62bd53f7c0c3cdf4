"""What a plan or a report says to type next does what was meant, and no more.

Each line is typed as it was printed: one that lost an option deletes everything, or trains.
"""

import shlex

import pytest

from reconciler.cli.main import main
from reconciler.cli.repeat_options import same_options
from reconciler.operations.load import load
from tests.support.azure import ROOT, edited

SMALL = "examples/smallest.yaml"
CLUSTER = "compute.cpu-cluster"
VAULT = "workspace.key_vault"


def refused_once(azure, method, path):
    rule = {"method": method, "path": path, "times": 1, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": {"status": 400}})


def words_after(out, text):
    """Return the command line that a report ends with, as a shell would take it apart."""
    (line,) = [line for line in out.splitlines() if line.startswith(text)]
    return shlex.split(line.removeprefix(text))[1:]


def typed(words):
    return main([*words, *([] if words[0] == "plan" else ["--yes"])])


def existing(azure, loaded):
    return {c.address for c in azure.plan(loaded).changes if c.observed}


def test_a_destroy_of_a_part_that_failed_goes_on_with_that_part(azure, run):
    """It said `go on with: reconcile destroy SPEC`, which is everything."""
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    before = existing(azure, loaded)
    refused_once(azure, "DELETE", "computes/cpu-cluster")
    code, out = run("destroy", "--only", CLUSTER, "--max-deletions", "7", "--yes")
    assert code == 1
    words = words_after(out, "When that is fixed, continue with: ")
    assert words[-4:] == ["--only", CLUSTER, "--max-deletions", "7"]
    assert typed(words) == 0
    assert existing(azure, loaded) == before - {CLUSTER}


def test_a_report_names_nothing_that_was_not_to_be_touched(azure, run):
    """It listed the workspace as "not started" beside a cluster that was to go alone."""
    azure.hold(load(str(ROOT / SMALL)))
    refused_once(azure, "DELETE", "computes/cpu-cluster")
    _, out = run("destroy", "--only", CLUSTER, "--yes")
    assert "1 failed" in out
    assert "ot started" not in out


def test_an_apply_of_a_part_that_failed_goes_on_with_that_part(azure, run):
    loaded = load(str(ROOT / SMALL))
    refused_once(azure, "PUT", "vaults/")
    code, out = run("apply", "--target", VAULT, "--no-wait", "--yes")
    assert code == 1
    words = words_after(out, "When that is fixed, continue with: ")
    assert words[-3:] == ["--target", VAULT, "--no-wait"]
    assert typed(words) == 0
    assert existing(azure, loaded) == {"resource_group", VAULT}


def test_what_depends_on_a_failure_and_was_to_be_made_is_named(azure, run):
    refused_once(azure, "PUT", "vaults/")
    _, out = run("apply", "--yes")
    (line,) = [line for line in out.splitlines() if line.startswith("Not started")]
    assert line == f"Not started, because {VAULT} failed: workspace, {CLUSTER}"


def test_a_saved_plan_of_a_part_goes_on_with_that_part(azure, run, tmp_path):
    saved = str(tmp_path / "plan.json")
    assert run("plan", "--target", VAULT, "--out", saved)[0] == 0
    refused_once(azure, "PUT", "vaults/")
    code, out = run("apply", spec=saved)
    assert code == 1
    words = words_after(out, "When that is fixed, continue with: ")
    assert words[-2:] == ["--target", VAULT]
    assert typed(words) == 0
    assert existing(azure, load(str(ROOT / SMALL))) == {"resource_group", VAULT}


def test_what_a_plan_was_asked_for_apply_is_told(azure, run, tmp_path):
    edited(tmp_path, SMALL)
    _, out = run("plan", "--target", VAULT, "--adopt", "workspace", spec=tmp_path / "spec.yaml")
    words = words_after(out, "To apply it: ")
    assert words[-4:] == ["--target", VAULT, "--adopt", "workspace"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"only": ["a", "b c"]}, ["--only", "a", "--only", "'b c'"]),
        ({"retry": ["jobs.j"], "prune": True}, ["--retry", "jobs.j", "--prune"]),
        ({"unprotect": ["workspace"], "max_deletions": 100}, ["--unprotect", "workspace"]),
        ({"prune": False, "no_wait": False, "yes": True}, []),
    ],
)
def test_each_option_that_says_what_is_repeated_and_quoted(given, expected):
    assert same_options(given) == expected
