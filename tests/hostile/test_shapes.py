"""An answer of any shape is a named failure of that read, or as good as another: never a crash.

`RECONCILE_FUZZ=10000` tries so many (`make reliability`), 500 in CI. A failure shows its seed.
"""

import os
import shutil

import pytest

from reconciler.cloud.shapes import faults
from reconciler.diagnostics import ExitCode, MalformedError
from reconciler.engine.numbers import whole_number_in
from tests.faults.seed import SEED
from tests.hostile.answers import Answers
from tests.support.azure import ROOT
from tests.support.commands import attached, reconcile

MANY = int(os.environ.get("RECONCILE_FUZZ") or (500 if os.environ.get("CI") else 90))
SPEC = "specs/phi3-ultrachat.yaml"
COMMANDS = {"plan": ("plan", SPEC), "prune": ("plan", SPEC, "--prune"), "status": ("status", SPEC)}


@pytest.fixture(scope="module")
def applied(tmp_path_factory, pool):
    """A folder whose spec was applied, and the answers to each command."""
    with pool.lent() as server:
        folder = attached(tmp_path_factory.mktemp("applied") / "a", server)
        for part in ("specs", "examples"):
            shutil.copytree(ROOT / part, folder / part)
        done = reconcile(folder, "apply", SPEC, "--yes")
        assert done.returncode == ExitCode.OK, done.stderr
        answers = Answers()
        with answers.recorded():
            for words in COMMANDS.values():
                assert reconcile(folder, *words).returncode == ExitCode.OK
        yield folder, answers


def crashed(done):
    said = done.stdout + done.stderr
    words = ("Traceback", "internal error", "an unexpected error occurred")
    return done.returncode == ExitCode.INTERNAL or any(word in said for word in words)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_of_any_shape_does_no_harm(applied, command):
    folder, answers = applied
    bad = {}
    for number in range(MANY // len(COMMANDS)):
        seed = f"{SEED} {command} {number}"
        changed = answers.mutants(seed)
        with answers.replayed(changed):
            done = reconcile(folder, *COMMANDS[command])
        if crashed(done):
            bad[seed] = (changed, done.stderr[-300:])
    assert bad == {}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"tags": "x"}, "`tags` is text, not an object"),
        ({"tags": {"a": 5}}, "the tag `a` is a number, not text"),
        ({"properties": []}, "`properties` is a list, not an object"),
        ({"id": True}, "`id` is true or false, not text"),
        ({"value": [{}, {"sku": 1}]}, "`value[1]`: `sku` is a number, not an object"),
        ({"tags": None, "properties": None, "id": None, "value": "x", "sku": {}}, None),
    ],
)
def test_the_form_of_a_resource_is_checked_where_it_comes_in(body, told):
    assert next(faults(body), None) == told


@pytest.mark.parametrize("value", ["many", [], {}, True, float("inf"), float("nan"), "1e999"])
def test_what_is_no_number_is_named(value):
    with pytest.raises(MalformedError, match="`count` is not a number"):
        whole_number_in({"count": value}, "count")


@pytest.mark.parametrize(("value", "number"), [(None, 7), (0, 7), ("", 7), (3, 3), ("3", 3)])
def test_a_number_has_a_default(value, number):
    assert whole_number_in({"count": value}, "count", 7) == number
