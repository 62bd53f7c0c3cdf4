"""What the spec accepts is one line; what it accepts in vain, wrongly or without a reason is told."""

from __future__ import annotations

import json

import pytest

from reconciler.diagnostics import SpecError
from reconciler.operations.load import load
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_page import page_of
from tests.contract.test_unstated_defaults import NAMED, SMALL, STORAGE, change, outputs, views
from tests.support.azure import ROOT, edited


def with_words(tmp_path, *words, edits=()):
    """Return the smallest example with more lines under `lifecycle`."""
    lines = "\n".join(f"  {word}" for word in words)
    return edited(tmp_path, SMALL, ("lifecycle:", f"lifecycle:\n{lines}\n  #"), *edits)


def lines_of(text, part):
    return [row for row in text.splitlines() if part in row]


def test_what_somebody_did_in_azure_is_accepted_in_one_line(azure, tmp_path):
    found = "public_network_access is Disabled, the default is Enabled"
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    change(azure, loaded, STORAGE, {"publicNetworkAccess": "Disabled"})
    word = f'{STORAGE}: {{accept: {{not-stated.public_network_access: "behind a hub"}}}}'
    made = views(azure, with_words(tmp_path, word))
    for text in outputs(made):
        assert "Not stated in the spec" not in text
        (row,) = lines_of(text, "accepted: behind a hub")
        assert found in row
    (item,) = json.loads(plan_json(made))["not_stated"]
    assert (item["id"], item["accepted"]) == ("not-stated.public_network_access", "behind a hub")
    change(azure, loaded, STORAGE, {"publicNetworkAccess": "Enabled"})
    (note,) = page_of(views(azure, with_words(tmp_path, word))).notes
    assert "`not-stated.public_network_access` matches nothing: remove it" in note.summary
    assert note.position is not None


def test_a_field_that_is_accepted_hides_no_other(azure, tmp_path):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    both = {"publicNetworkAccess": "Disabled", "allowSharedKeyAccess": False}
    change(azure, loaded, STORAGE, both)
    word = f'{STORAGE}: {{accept: {{not-stated.public_network_access: "known"}}}}'
    page = page_of(views(azure, with_words(tmp_path, word)))
    ((_, shown),) = page.held
    assert [item.name for item in shown] == ["allow_shared_key_access"]


def test_what_needs_attention_needs_none_where_it_is_accepted(azure, tmp_path):
    word = '{protect: false, accept: {public-network: "a demo"}}'
    loaded = edited(tmp_path, SMALL, ("{protect: false}", word))
    made = views(azure, loaded)
    assert page_of(made).attention == ()
    found = json.loads(plan_json(made))["attention"]
    assert [(item["id"], item["accepted"]) for item in found] == [("public-network", "a demo")]
    azure.apply(loaded)
    assert page_of(views(azure, loaded)).notes == ()


def test_an_entry_that_could_never_occur_is_told(azure, tmp_path):
    made = views(azure, with_words(tmp_path, 'compute: {accept: {public-network: "why"}}'))
    (note,) = page_of(made).notes
    assert "`lifecycle.compute.accept`: `public-network` matches nothing" in note.summary
    assert [d["severity"] for d in json.loads(plan_json(made))["diagnostics"]] == ["note"]


def test_an_ignored_field_that_somebody_opened_is_told_and_can_be_accepted(azure, tmp_path):
    stated = NAMED.replace("}", ", public_network_access: disabled}")
    ignoring = f"{STORAGE}: {{ignore: [public_network_access]}}"
    loaded = with_words(tmp_path, ignoring, edits=[(NAMED, stated)])
    azure.apply(loaded)
    assert page_of(views(azure, loaded)).held == ()
    change(azure, loaded, STORAGE, {"publicNetworkAccess": "Enabled"})
    made = views(azure, loaded)
    assert made.plan.is_empty
    for text in outputs(made):
        assert "Ignored, and weaker than the spec says" in text
        assert "public_network_access is Enabled, the spec says Disabled" in text
    word = 'accept: {ignored-weaker.public_network_access: "an old mount"}'
    accepting = ignoring.replace("ignore:", f"{word}, ignore:")
    quiet = page_of(views(azure, with_words(tmp_path, accepting, edits=[(NAMED, stated)])))
    assert quiet.held == ()
    assert [item.why for item in quiet.accepted] == ["an old mount"]


@pytest.mark.parametrize(
    ("entry", "says", "hint"),
    [
        ("public-netwrk: why", "no warning has the id `public-netwrk`", "`public-network`?"),
        ("not-stated.shared: why", "no warning has the id `not-stated.shared`", "not-stated."),
        ("not-stated: why", "no warning has the id `not-stated`", "not-stated.FIELD"),
        ("outage: why", "`outage` cannot be accepted: an endpoint would answer nothing", "remove"),
        ("data-loss: why", "`data-loss` cannot be accepted: it loses data", "remove it"),
        ("name: why", "`name` cannot be accepted: it stops the plan", "remove it"),
        ('public-network: " "', "`public-network` has no reason", "write why"),
    ],
)
def test_what_cannot_be_accepted_is_an_error_with_its_place(tmp_path, entry, says, hint):
    with pytest.raises(SpecError) as raised:
        with_words(tmp_path, f"{STORAGE}: {{accept: {{{entry}}}}}")
    (problem,) = raised.value.diagnostics
    assert says in problem.summary
    assert hint in problem.hint
    assert problem.position is not None
    assert problem.position.column == len(f"  {STORAGE}: {{accept: {{") + 1


def test_a_warning_of_the_spec_is_accepted_where_it_is_stated(azure, tmp_path):
    phi3 = "specs/phi3-ultrachat.yaml"
    ids = [warning.id for warning in load(str(ROOT / phi3)).open_warnings]
    assert ids == ["wide-role", "retirement", "retirement"]
    flow = '  flows: {accept: {retirement: "until 2027"}}'
    loaded = edited(tmp_path, phi3, ("lifecycle:", f"lifecycle:\n{flow}\n  #"))
    assert [warning.id for warning in loaded.open_warnings] == ["wide-role", "retirement"]
    made = views(azure, loaded)
    page = page_of(made)
    assert [warning.id for warning in page.warnings] == ["wide-role", "retirement"]
    assert [(item.addresses, item.why) for item in page.accepted] == [
        (("flows.chat",), "until 2027")
    ]
    levels = [d["severity"] for d in json.loads(plan_json(made))["diagnostics"]]
    assert sorted(levels) == ["note", "warning", "warning"]
