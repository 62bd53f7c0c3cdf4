"""An answer of any shape is a named failure of that read, or as good as another: never a crash.

`RECONCILE_FUZZ=10000` tries so many (`make reliability`), 500 in CI. A failure shows its seed.
"""

import functools
import shutil

import pytest

from reconciler.cloud.shapes import faults
from reconciler.diagnostics import ExitCode, MalformedError
from reconciler.engine.numbers import whole_number_in
from reconciler.kinds.flow import dag
from reconciler.spec import document as documents
from tests.faults.seed import SEED
from tests.hostile.answers import Answers
from tests.hostile.judged import MANY, crashed
from tests.support.azure import ROOT
from tests.support.commands import attached, reconcile

SPEC = "specs/phi3-ultrachat.yaml"
LANES = 8 if MANY >= 1000 else 1
"""Into how many tests the tries of a command are divided, for processes side by side."""
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


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    """Read the same text of a spec or a flow once: the answers are what changes here."""
    parsed = functools.cache(documents.parse)
    for module in (documents, dag):
        monkeypatch.setattr(module, "parse", parsed)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("lane", range(LANES))
@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_of_any_shape_does_no_harm(applied, command, lane):
    folder, answers = applied
    bad = {}
    for number in range(lane, -(-MANY // len(COMMANDS)), LANES):
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
        ({"properties": {"tags": []}}, "`properties.tags` is a list, not an object"),
        (
            {"identity": {"userAssignedIdentities": 5}},
            "`identity.userAssignedIdentities` is a number, not an object",
        ),
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
