"""What may become of what a plan announced, decision by decision."""

from dataclasses import replace

import pytest

from reconciler.engine.plan_scope import exceeds_plan
from reconciler.engine.types import (
    Action,
    Change,
    FieldDiff,
    Observed,
    Phase,
    Reference,
    Resource,
    Unknown,
)

THING = Resource("compute.gpu", "compute cluster", "/x", {"size": 1})
DATA = Resource("store", "storage account", "/y", {"size": 1}, holds_data=True)
SEEN = Observed({})
GOING = Observed({}, phase=Phase.PENDING, message="Deleting")


def field(path, after=1):
    return FieldDiff(tuple(path.split(".")), path, None, after)


def change(action, *fields, resource=THING, observed=SEEN, reason="", pending=False):
    return Change(resource, action, observed, fields, reason, pending=pending)


FIRST, OTHER = field("tags.a"), field("properties.open")
WHOLE = [Action.CREATE, Action.REPLACE, Action.RUN]
SOME = [Action.UPDATE, Action.ADOPT, Action.NO_OP]


@pytest.mark.parametrize("action", WHOLE)
def test_what_is_made_whole_announced_every_field(action):
    assert exceeds_plan(change(action), change(Action.UPDATE, FIRST, OTHER)) == ""


@pytest.mark.parametrize("action", SOME)
def test_of_all_else_only_the_named_fields_are_written(action):
    approved = change(action, FIRST)
    assert exceeds_plan(approved, change(Action.UPDATE, FIRST)) == ""
    assert "`properties.open` would be written too" in exceeds_plan(
        approved, change(Action.UPDATE, FIRST, OTHER)
    )


@pytest.mark.parametrize("action", [*SOME, Action.CREATE, Action.RUN])
def test_nothing_but_a_replace_becomes_one(action):
    assert "replaced" in exceeds_plan(change(action, FIRST), change(Action.REPLACE, FIRST))


@pytest.mark.parametrize("action", [a for a in Action if a is not Action.RUN])
def test_nothing_but_a_run_becomes_one(action):
    assert exceeds_plan(change(action), change(Action.RUN)) != ""


@pytest.mark.parametrize("action", SOME)
def test_what_is_gone_is_not_made_again(action):
    gone = change(Action.CREATE, observed=None)
    assert "was deleted since the plan" in exceeds_plan(change(action, FIRST), gone)
    assert exceeds_plan(change(Action.REPLACE), gone) == ""


def test_what_was_being_deleted_is_made_again_unless_it_holds_data():
    gone = change(Action.CREATE, observed=None)
    assert exceeds_plan(change(Action.NO_OP, observed=GOING, pending=True), gone) == ""
    for missed in (DATA, replace(DATA, protected=False), replace(THING, protected=True)):
        kept = change(Action.NO_OP, observed=GOING, pending=True, resource=missed)
        assert exceeds_plan(kept, change(Action.CREATE, observed=None, resource=missed)) != ""


def test_what_follows_a_replacement_is_set_whole_but_never_made_of_lost_data():
    follows = change(Action.UPDATE, reason="to be set again after `endpoints.a` is replaced")
    assert exceeds_plan(follows, change(Action.UPDATE, FIRST, OTHER)) == ""
    assert exceeds_plan(follows, change(Action.CREATE, observed=None)) == ""
    data = change(Action.UPDATE, reason="to be set again", resource=DATA)
    assert exceeds_plan(data, change(Action.CREATE, observed=None, resource=DATA)) != ""


def test_a_failure_is_no_reason_to_write_fields_that_were_not_shown():
    failed = Observed({}, phase=Phase.FAILED, message="provisioning state Failed")
    approved = change(Action.UPDATE, observed=failed, reason="its last operation failed")
    assert exceeds_plan(approved, change(Action.UPDATE)) == ""
    assert exceeds_plan(approved, change(Action.UPDATE, FIRST)) != ""


def test_a_value_that_was_not_known_may_be_any_and_another_only_what_was_shown():
    unknown = change(Action.UPDATE, field("properties.model", Unknown(Reference("models.a"))))
    assert exceeds_plan(unknown, change(Action.UPDATE, field("properties.model", "x"))) == ""
    assert exceeds_plan(unknown, change(Action.UPDATE, field("properties.model.id", "x"))) == ""
    shown = change(Action.UPDATE, field("properties.model", "x"))
    assert exceeds_plan(shown, change(Action.UPDATE, field("properties.model", "x"))) == ""
    assert exceeds_plan(shown, change(Action.UPDATE, field("properties.model", "y"))) != ""


def test_what_is_nobodys_is_only_taken_where_that_was_shown():
    taken = change(Action.ADOPT, FIRST)
    assert exceeds_plan(change(Action.ADOPT, FIRST), taken) == ""
    assert exceeds_plan(change(Action.CREATE), taken) != ""
    assert exceeds_plan(change(Action.CREATE), taken, adopts=True) == ""


def going_with(resource=THING, **options):
    waits = change(Action.NO_OP, resource=resource, pending=True)
    return replace(waits, goes_with="endpoints.ep", **options)


def test_what_goes_with_its_parent_is_made_again_whole():
    assert exceeds_plan(going_with(), change(Action.CREATE)) == ""
    assert exceeds_plan(going_with(), change(Action.UPDATE, FIRST, OTHER)) == ""
    assert "replaced" in exceeds_plan(going_with(), change(Action.REPLACE, FIRST))
    assert "deleted since the plan" in exceeds_plan(going_with(DATA), change(Action.CREATE))
    assert "deleted since the plan" in exceeds_plan(
        going_with(pending=False), change(Action.CREATE)
    )


NOT_KNOWN = Unknown(Reference("endpoints.chat", "scoring_uri"))


@pytest.mark.parametrize(
    "shown", [{"url": NOT_KNOWN}, [1, NOT_KNOWN], {"list": [{"x": NOT_KNOWN}]}]
)
def test_what_holds_something_unknown_may_become_anything(shown):
    approved = change(Action.UPDATE, field("target", shown))
    assert exceeds_plan(approved, change(Action.UPDATE, field("target", "https://x"))) == ""


@pytest.mark.parametrize("shown", [{"url": "https://y"}, [1, 2], {}, []])
def test_what_was_known_whole_stays_what_it_was(shown):
    approved = change(Action.UPDATE, field("target", shown))
    told = exceeds_plan(approved, change(Action.UPDATE, field("target", "https://x"), OTHER))
    assert told == "changed since the plan: `target`, `properties.open` would be written too"


def test_only_what_goes_or_has_no_body_is_made_after_a_wait():
    gone = change(Action.CREATE, observed=None)
    moving = change(Action.NO_OP, observed=Observed({}, phase=Phase.PENDING), pending=True)
    assert exceeds_plan(moving, gone) == (
        "was deleted since the plan: not made again without a plan that shows it"
    )
    bodiless = replace(THING, desired={})
    asked = change(Action.NO_OP, resource=bodiless, pending=True)
    assert exceeds_plan(asked, change(Action.CREATE, resource=bodiless, observed=None)) == ""
    at_rest = replace(asked, pending=False)
    assert exceeds_plan(at_rest, change(Action.CREATE, resource=bodiless, observed=None)) != ""


def test_what_its_own_tag_protects_is_not_made_again_unseen():
    tagged = Observed(
        {"tags": {"reconcile-protect": "true"}}, phase=Phase.PENDING, message="Deleting"
    )
    gone = change(Action.CREATE, observed=None)
    assert exceeds_plan(change(Action.NO_OP, observed=GOING, pending=True), gone) == ""
    assert "was deleted" in exceeds_plan(change(Action.NO_OP, observed=tagged, pending=True), gone)
