"""A saved plan may come from anybody: what it holds is checked when it is read."""

import copy
import json

import pytest

from reconciler import limits
from reconciler.diagnostics import ExitCode
from tests.support.azure import ROOT
from tests.support.commands import attached, in_process, reconcile

WRONG = (None, 5, True, "x", "\0", [], [5], {}, {"a": 5}, [[[]]], 1e300)
CANARY = "canary-of-another-file"


@pytest.fixture(scope="module")
def planned(tmp_path_factory, pool):
    """A folder with a saved plan of the smallest example."""
    with pool.lent() as server:
        folder = attached(tmp_path_factory.mktemp("planned") / "a", server)
        text = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
        (folder / "spec.yaml").write_text(text, encoding="utf-8")
        done = reconcile(folder, "plan", "spec.yaml", "--out", "plan.json")
        assert done.returncode == ExitCode.OK, done.stderr
        yield folder


def places(value, path=()):
    yield path
    if not isinstance(value, dict | list):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places(item, (*path, key))


def changed(content, path, value):
    """Return a copy of a plan with another value in one place."""
    if not path:
        return value
    found = holder = copy.deepcopy(content)
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return found


def test_a_plan_with_a_wrong_value_anywhere_is_refused_or_shown(planned):
    content = json.loads((planned / "plan.json").read_text(encoding="utf-8"))
    file = planned / "wrong.json"
    ways = [p for p in places(content) if len(p) <= 3 or p[0] == "prints"][::5]
    for number, path in enumerate(ways):
        value = WRONG[number % len(WRONG)]
        file.write_text(json.dumps(changed(content, path, value)), encoding="utf-8")
        form = ("text", "markdown", "json")[number % 3]
        done = in_process(planned, "show", "wrong.json", "-o", form)
        assert done.returncode in (ExitCode.OK, ExitCode.REFUSED), (path, value, done.stderr)


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("key", ["spec", "spec_digest", "tool", "changes", "choices", "place"])
def test_apply_refuses_a_plan_with_a_wrong_value(planned, key, value):
    content = json.loads((planned / "plan.json").read_text(encoding="utf-8"))
    (planned / "wrong.json").write_text(json.dumps({**content, key: value}), encoding="utf-8")
    done = reconcile(planned, "apply", "wrong.json", "--yes")
    assert done.returncode in (ExitCode.REFUSED, ExitCode.INVALID_SPEC), done.stderr
    assert "internal error" not in done.stderr


def test_a_plan_that_names_another_file_shows_none_of_it(planned):
    (planned / "private").write_text(f"a: 1\npassword: {CANARY}\nb: [\n", encoding="utf-8")
    content = json.loads((planned / "plan.json").read_text(encoding="utf-8"))
    wrong = json.dumps({**content, "spec": "private"})
    (planned / "wrong.json").write_text(wrong, encoding="utf-8")
    done = reconcile(planned, "apply", "wrong.json", "--yes")
    assert done.returncode == ExitCode.REFUSED
    assert "private changed since the plan was made" in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert "password" not in done.stdout + done.stderr


@pytest.mark.parametrize(("over", "code"), [(0, ExitCode.OK), (1, ExitCode.FAILED)])
def test_a_plan_has_so_many_bytes(planned, monkeypatch, over, code):
    file = planned / "plan.json"
    size = file.stat().st_size - over
    monkeypatch.setattr("reconciler.operations.saved_plan.SAVED_PLAN_BYTES", size)
    done = in_process(planned, "show", "plan.json")
    assert done.returncode == code, done.stderr
    assert size < limits.SAVED_PLAN_BYTES


@pytest.mark.parametrize("text", ["[" * 100_000, "[" + "[]," * 1_000_000 + "1]", "{}", "17", "\0"])
def test_what_is_no_plan_is_refused(planned, text):
    (planned / "wrong.json").write_text(text, encoding="utf-8")
    done = in_process(planned, "show", "wrong.json")
    assert done.returncode == ExitCode.REFUSED
    assert "wrong.json is not a saved plan" in done.stderr
