"""What may become of what a plan announced, decision by decision."""

from dataclasses import replace

import pytest

from reconciler.engine.decisions import (
    Adopt,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.plan_scope import GoneSincePlan, MoreFields, OtherAction, exceeds_plan
from reconciler.engine.types import Action, FieldDiff, Observed, Phase, Reference, Resource, Unknown
from reconciler.reasons import CannotUpdateInPlace, DependencyReplaced, LastOperationFailed

THING = Resource("compute.gpu", "compute cluster", "/x", {"size": 1})
DATA = Resource("store", "storage account", "/y", {"size": 1}, holds_data=True)
SEEN = Observed({})
GOING = Observed({}, phase=Phase.PENDING, message="Deleting")


def field(path, after=1):
    return FieldDiff(tuple(path.split(".")), path, None, after)


def change(action, *fields, resource=THING, observed=SEEN, reason=None):
    decisions = {
        Action.NO_OP: NoOp(),
        Action.CREATE: Create(reason),
        Action.ADOPT: Adopt(fields),
        Action.UPDATE: Update(fields, reason),
        Action.REPLACE: Replace(fields, reason or CannotUpdateInPlace(())),
        Action.DELETE: Delete(reason),
        Action.RUN: Run(reason),
    }
    return Change(resource, observed, decisions[action])


def waiting(then, *, resource=THING, observed=SEEN, parent=""):
    return Change(resource, observed, Wait("Deleting", then, parent))


FIRST, OTHER = field("tags.a"), field("properties.open")
WHOLE = [Action.CREATE, Action.REPLACE, Action.RUN]
SOME = [Action.UPDATE, Action.ADOPT]


@pytest.mark.parametrize("action", WHOLE)
def test_what_is_made_whole_announced_every_field(action):
    assert exceeds_plan(change(action), change(Action.UPDATE, FIRST, OTHER)) is None


@pytest.mark.parametrize(
    "approved", [Update((FIRST,)), Adopt((FIRST,)), Wait("Updating", Update((FIRST,)))]
)
def test_of_all_else_only_the_named_fields_are_written(approved):
    approved = Change(THING, SEEN, approved)
    assert exceeds_plan(approved, change(Action.UPDATE, FIRST)) is None
    more = exceeds_plan(approved, change(Action.UPDATE, FIRST, OTHER))
    assert more == MoreFields(("properties.open",))


@pytest.mark.parametrize("action", [*SOME, Action.NO_OP, Action.CREATE, Action.RUN])
def test_nothing_but_a_replace_becomes_one(action):
    more = exceeds_plan(change(action, FIRST), change(Action.REPLACE, FIRST))
    assert more == OtherAction(Action.REPLACE)


@pytest.mark.parametrize("action", [a for a in Action if a is not Action.RUN])
def test_nothing_but_a_run_becomes_one(action):
    assert exceeds_plan(change(action), change(Action.RUN)) is not None


@pytest.mark.parametrize("action", [*SOME, Action.NO_OP])
def test_what_is_gone_is_not_made_again(action):
    gone = change(Action.CREATE, observed=None)
    assert exceeds_plan(change(action, FIRST), gone) == GoneSincePlan()
    assert exceeds_plan(change(Action.REPLACE), gone) is None


def test_what_was_being_deleted_is_made_again_unless_it_holds_data():
    gone = change(Action.CREATE, observed=None)
    assert exceeds_plan(waiting(Create(), observed=GOING), gone) is None
    assert exceeds_plan(waiting(NoOp(), observed=GOING), gone) == GoneSincePlan()
    for missed in (DATA, replace(DATA, protected=False), replace(THING, protected=True)):
        kept = waiting(Create(), observed=GOING, resource=missed)
        now = change(Action.CREATE, observed=None, resource=missed)
        assert exceeds_plan(kept, now) == GoneSincePlan()


def test_what_follows_a_replacement_is_set_whole_but_never_made_of_lost_data():
    follows = change(Action.UPDATE, reason=DependencyReplaced("endpoints.a"))
    assert exceeds_plan(follows, change(Action.UPDATE, FIRST, OTHER)) is None
    assert exceeds_plan(follows, change(Action.CREATE, observed=None)) is None
    data = change(Action.UPDATE, reason=DependencyReplaced("endpoints.a"), resource=DATA)
    assert exceeds_plan(data, change(Action.CREATE, observed=None, resource=DATA)) is not None


def test_a_failure_is_no_reason_to_write_fields_that_were_not_shown():
    failed = Observed({}, phase=Phase.FAILED, message="provisioning state Failed")
    approved = change(Action.UPDATE, observed=failed, reason=LastOperationFailed("x"))
    assert exceeds_plan(approved, change(Action.UPDATE)) is None
    assert exceeds_plan(approved, change(Action.UPDATE, FIRST)) is not None


def test_a_value_that_was_not_known_may_be_any_and_another_only_what_was_shown():
    unknown = change(Action.UPDATE, field("properties.model", Unknown(Reference("models.a"))))
    assert exceeds_plan(unknown, change(Action.UPDATE, field("properties.model", "x"))) is None
    assert exceeds_plan(unknown, change(Action.UPDATE, field("properties.model.id", "x"))) is None
    shown = change(Action.UPDATE, field("properties.model", "x"))
    assert exceeds_plan(shown, change(Action.UPDATE, field("properties.model", "x"))) is None
    assert exceeds_plan(shown, change(Action.UPDATE, field("properties.model", "y"))) is not None


def test_what_is_nobodys_is_only_taken_where_that_was_shown():
    taken = change(Action.ADOPT, FIRST)
    assert exceeds_plan(change(Action.ADOPT, FIRST), taken) is None
    assert exceeds_plan(change(Action.CREATE), taken) is not None
    assert exceeds_plan(change(Action.CREATE), taken, adopts=True) is None


def going_with(then=None, resource=THING):
    return waiting(then or Create(), resource=resource, parent="endpoints.ep")


def test_what_goes_with_its_parent_is_made_again_whole():
    assert exceeds_plan(going_with(), change(Action.CREATE)) is None
    assert exceeds_plan(going_with(), change(Action.UPDATE, FIRST, OTHER)) is None
    more = exceeds_plan(going_with(), change(Action.REPLACE, FIRST))
    assert more == OtherAction(Action.REPLACE)
    assert exceeds_plan(going_with(resource=DATA), change(Action.CREATE)) == GoneSincePlan()
    assert exceeds_plan(going_with(NoOp()), change(Action.CREATE)) == GoneSincePlan()


NOT_KNOWN = Unknown(Reference("endpoints.chat", "scoring_uri"))


@pytest.mark.parametrize(
    "shown", [{"url": NOT_KNOWN}, [1, NOT_KNOWN], {"list": [{"x": NOT_KNOWN}]}]
)
def test_what_holds_something_unknown_may_become_anything(shown):
    approved = change(Action.UPDATE, field("target", shown))
    assert exceeds_plan(approved, change(Action.UPDATE, field("target", "https://x"))) is None


@pytest.mark.parametrize("shown", [{"url": "https://y"}, [1, 2], {}, []])
def test_what_was_known_whole_stays_what_it_was(shown):
    approved = change(Action.UPDATE, field("target", shown))
    told = exceeds_plan(approved, change(Action.UPDATE, field("target", "https://x"), OTHER))
    assert told == MoreFields(("target", "properties.open"))


def test_only_what_a_plan_said_is_made_after_a_wait():
    gone = change(Action.CREATE, observed=None)
    assert exceeds_plan(waiting(NoOp()), gone) == GoneSincePlan()
    assert exceeds_plan(waiting(Update((FIRST,))), gone) == GoneSincePlan()
    assert exceeds_plan(waiting(Create()), gone) is None


def test_what_its_own_tag_protects_is_not_made_again_unseen():
    tagged = Observed(
        {"tags": {"reconcile-protect": "true"}}, phase=Phase.PENDING, message="Deleting"
    )
    gone = change(Action.CREATE, observed=None)
    assert exceeds_plan(waiting(Create(), observed=GOING), gone) is None
    assert exceeds_plan(waiting(Create(), observed=tagged), gone) == GoneSincePlan()
