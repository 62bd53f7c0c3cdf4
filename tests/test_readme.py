"""What the README says is what the product does."""

import re
from pathlib import Path

from reconciler.cli.main import COMMANDS
from reconciler.diagnostics import ExitCode
from tools.kinds_table import table

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_kinds_is_fresh():
    assert table() in README, "run `python -m tools.kinds_table` and put it into the README"


def test_every_command_it_names_exists_and_every_command_is_named():
    named = set(re.findall(r"`(?:reconcile )?(\w+)(?: SPEC[^`]*| serve)?`", README)) & set(COMMANDS)
    assert set(COMMANDS) - named <= {"completion"}


def test_every_exit_code_is_explained():
    section = README.split("| exit code |")[1].split("##")[0]
    codes = {int(code) for code in re.findall(r"\d+", section.split("\n\n")[0])}
    assert {int(code) for code in ExitCode} <= codes


def test_every_file_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_two_commands_are_make_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ndemo:" in makefile
    assert "\ntest:" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
