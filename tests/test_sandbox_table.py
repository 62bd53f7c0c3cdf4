"""docs/sandbox.md lists what the sandbox has, and what that was held against."""

from pathlib import Path

from tools.sandbox_survey import known
from tools.sandbox_table import SURVEY, tables

ROOT = Path(__file__).resolve().parent.parent


def test_the_tables_are_fresh():
    text = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert tables() in text, "run `make sandbox-table`"


def test_the_survey_names_only_operations_that_are_there():
    assert set(SURVEY) <= known(), "run the tests and `python -m tools.sandbox_survey` again"
