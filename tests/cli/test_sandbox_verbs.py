"""`reconcile sandbox ACTION --help` is about that action, and what it shows can be typed."""

from __future__ import annotations

import shlex

import pytest

from reconciler.cli import sandbox
from reconciler.cli.arguments import Parser
from reconciler.cli.main import main
from reconciler.cli.sandbox_verbs import VERBS
from reconciler.diagnostics import ExitCode

MOST_ROWS = 50
GLOBAL = {"--sandbox", "--sandbox-runs-code", "--verbose", "--quiet", "--color", "--help"}


def parser() -> Parser:
    made = Parser("sandbox", sandbox.SUMMARY, sandbox.EXAMPLES)
    sandbox.add_arguments(made)
    return made


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_an_action_shows_its_own_options_and_examples_that_parse(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", name, "--help"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert shown.startswith(VERBS[name].summary)
    assert f"Usage: reconcile sandbox {name}" in shown
    others = set(parser().long_options()) - GLOBAL - {*VERBS[name].options, "--state"}
    assert not [option for option in others if f"  {option} " in shown]
    assert all(option in shown for option in VERBS[name].options)
    for example in VERBS[name].examples:
        words = shlex.split(example.removeprefix('eval "$(').removesuffix(')"').split("<")[0])
        options = parser().parse_args(words[2:])
        assert (words[:2], options.action) == (["reconcile", "sandbox"], name)


def test_the_help_of_all_is_a_line_for_each_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "sandbox"]) == ExitCode.OK
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) <= MOST_ROWS
    assert all(any(row.startswith(f"  {name} ") for row in rows) for name in VERBS)


def test_every_option_is_in_the_help_of_some_action() -> None:
    told = {option for verb in VERBS.values() for option in verb.options}
    assert set(parser().long_options()) - GLOBAL - {"--state"} == told
