"""Environment variables: a plan shows their names and never their values."""

import json

from built import at_80_columns, resource, views

from reconciler.engine.decisions import Change, Create, Update
from reconciler.engine.diff import diff
from reconciler.engine.types import Observed
from reconciler.kinds import HANDLERS
from reconciler.render.fields import KindView, Views
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_lines

RULES = HANDLERS["online deployment"].policy.rules
NEW = {"properties": {"environmentVariables": {"GREETING": "hello-from-afar", "LEVEL": "chatty"}}}
OLD = {"properties": {"environmentVariables": {"GREETING": "hello-from-afar", "LEVEL": "taciturn"}}}


def shown(change):
    return Views(views(change).plan, {"online deployment": KindView(RULES)}, {})


def outputs(change):
    plan = shown(change)
    return at_80_columns(plan_lines(plan)), plan_markdown(plan), plan_json(plan)


def deployment():
    return resource("deployments.blue", "online deployment", NEW)


def test_a_new_deployment_shows_the_names_alone():
    for text in outputs(Change(deployment(), None, Create())):
        assert "hello-from-afar" not in text
        assert "GREETING" in text


def test_a_changed_one_shows_which_and_neither_value():
    fields = diff(NEW, OLD, RULES)
    assert [f.label for f in fields] == ["environment_variables.LEVEL"]
    for text in outputs(Change(deployment(), Observed(OLD), Update(fields))):
        assert "LEVEL" in text
        assert not any(value in text for value in ("chatty", "taciturn", "hello-from-afar"))


def test_json_keeps_the_names_and_says_what_is_sensitive():
    document = json.loads(
        plan_json(shown(Change(deployment(), Observed(OLD), Update(diff(NEW, OLD, RULES)))))
    )
    (change,) = [one["change"] for one in document["resource_changes"]]
    assert change["after"]["properties"]["environmentVariables"] == {
        "GREETING": "(sensitive value)",
        "LEVEL": "(sensitive value)",
    }
    assert change["after_sensitive"]["properties"]["environmentVariables"]["LEVEL"] is True
