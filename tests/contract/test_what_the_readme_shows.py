"""What README.md shows: the answer of the demo, the first spec, the comment that it posts."""

import re

import pytest

from reconciler.operations.load import load
from tests.support.azure import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
WHOLE = "specs/phi3-ultrachat.yaml"


@pytest.fixture
def first(tmp_path):
    """The README's first spec, in a file."""
    file = tmp_path / "spec.yaml"
    file.write_text(re.search(r"```yaml\n(version: 1\n.*?)```", README, re.DOTALL)[1])
    return file


def test_it_is_applied_and_then_nothing_is_left_to_do(azure, first):
    loaded = load(str(first))
    assert azure.apply(loaded)[1] == []
    assert azure.plan(loaded).is_empty


def test_its_plan_is_a_comment(run, first):
    code, comment = run("plan", "-o", "markdown", spec=str(first))
    assert code == 0
    assert "workspace" in comment
    assert "my-team" in comment


def test_the_demo_ends_with_the_answer_that_is_shown(run):
    assert run("apply", "--yes", spec=WHOLE)[0] == 0
    question = re.search(r'reconcile chat .* "(.+)"', README)[1]
    code, answer = run("chat", question, spec=WHOLE)
    assert code == 0
    assert answer.strip()
    assert f"\n{answer.strip()}\n" in README
