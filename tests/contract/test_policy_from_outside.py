"""A policy from outside of the spec's repository: what breaks it is refused, and only that."""

import json

import pytest

from tests.support.azure import edited

SPEC = "examples/smallest.yaml"
ALWAYS_ON = ("min_instances: 0", "min_instances: 2")


@pytest.fixture
def policed(azure, run, tmp_path):
    """Run a command on the smallest spec, which costs half a dollar an hour, under a policy."""
    azure.control(
        "POST", "prices", {"size": "Standard_DS3_v2", "location": "westeurope", "price": "0.25"}
    )
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    edited(inside, SPEC, ALWAYS_ON)

    def command(text, *words, name="plan"):
        file = outside / "policy.yaml"
        file.write_text(f"version: 1\n{text}\n", encoding="utf-8")
        spec = str(inside / "spec.yaml")
        return run(name, *words, "--policy", str(file), spec=spec)

    command.inside = inside
    return command


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("limits: {cost_per_hour: 0.5}", 0),
        ("limits: {cost_per_hour: 0.49}", 5),
        ("limits: {cost_per_month: 365}", 0),
        ("limits: {cost_per_month: 364.99}", 5),
        ("limits: {max_instances: 2}", 0),
        ("limits: {max_instances: 1}", 5),
        ("allow: {locations: [westeurope]}", 0),
        ("allow: {locations: [eastus]}", 5),
        ("allow: {sizes: ['Standard_D*']}", 0),
        ("allow: {sizes: ['Standard_NC*']}", 5),
        ("allow: {resource_groups: ['rg-*']}", 0),
        ("allow: {subscriptions: [other]}", 5),
        ("require: {tags: [team]}", 5),
        ("deny: {delete_kinds: [workspace]}", 0),
    ],
)
def test_a_rule_is_kept_or_refused(policed, azure, rule, code):
    assert policed(rule)[0] == code
    assert azure.writes() == []


def test_what_breaks_it_is_named_with_both_places(policed):
    code, out = policed("allow: {sizes: ['Standard_NC*']}", "--output", "json")
    (check,) = json.loads(out)["checks"]
    assert (code, check["id"], check["address"]) == (5, "policy", "compute.cpu-cluster")
    assert "size `Standard_DS3_v2`" in check["summary"]
    assert "`allow.sizes` in" in check["detail"] and "policy.yaml:2:" in check["detail"]
    assert check["range"]["filename"].endswith("spec.yaml")


def test_apply_is_held_too(policed, azure):
    assert policed("limits: {cost_per_hour: 0.1}", "--yes", name="apply")[0] == 5
    assert azure.writes() == []
    assert policed("limits: {cost_per_hour: 1}", "--yes", name="apply")[0] == 0


def test_an_unknown_price_fails_closed_where_the_policy_says_so(policed, azure):
    azure.control(
        "POST", "prices", {"size": "Standard_DS3_v2", "location": "westeurope", "price": None}
    )
    assert policed("limits: {cost_per_hour: 9}")[0] == 0
    assert policed("limits: {cost_per_hour: 9}\ndeny: {unknown_price: true}")[0] == 5


def test_a_deletion_may_be_denied(policed, azure):
    assert policed("allow: {}", "--yes", name="apply")[0] == 0
    azure.clear_journal()
    assert policed("deny: {delete_kinds: [compute cluster]}", "--yes", name="destroy")[0] == 5
    assert azure.writes() == []


def test_a_policy_that_lies_with_the_spec_is_refused(policed, run, capsys):
    own = policed.inside / "policy.yaml"
    own.write_text("version: 1\n", encoding="utf-8")
    code, _ = run("plan", "--policy", str(own), spec=str(policed.inside / "spec.yaml"))
    assert code == 64


def test_a_policy_of_the_environment_counts(policed, run, monkeypatch, tmp_path):
    file = tmp_path / "outside" / "policy.yaml"
    file.write_text("version: 1\nallow: {sizes: []}\n", encoding="utf-8")
    monkeypatch.setenv("RECONCILE_POLICY", str(file))
    assert run("plan", spec=str(policed.inside / "spec.yaml"))[0] == 5


@pytest.mark.parametrize("rule", ["alow: {}", "limits: {cost_per_hour: dear}"])
def test_a_policy_that_cannot_be_read_is_no_policy(policed, azure, rule):
    assert policed(rule)[0] == 65
    assert azure.writes() == []
