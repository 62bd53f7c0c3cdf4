"""What `make mutation` tells: counted, and every change that no test noticed as it reads."""

import json

import pytest

from tools import mutation_page

MUTATED = """
def x_is_open__mutmut_orig(port):
    return port > 0

def x_is_open__mutmut_1(port):
    return port >= 0

def x_is_open__mutmut_2(port):
    return port > 1

class Door:
    def xǁDoorǁshut__mutmut_orig(self):
        log("shut")
        self.open = False

    def xǁDoorǁshut__mutmut_1(self):
        log("shut")
        self.open = True
"""
CODES = {
    "reconciler.door.x_is_open__mutmut_1": 0,
    "reconciler.door.x_is_open__mutmut_2": 1,
    "reconciler.door.xǁDoorǁshut__mutmut_1": 33,
    "reconciler.door.x_knock__mutmut_1": -24,
    "reconciler.door.x_knock__mutmut_2": None,
}


@pytest.fixture
def found(tmp_path):
    """What mutmut leaves of a file with a killed, a living, an untested and an endless mutant."""
    (tmp_path / "reconciler").mkdir()
    (tmp_path / "reconciler/door.py").write_text(MUTATED, encoding="utf-8")
    meta = json.dumps({"exit_code_by_key": CODES})
    (tmp_path / "reconciler/door.py.meta").write_text(meta, encoding="utf-8")
    return mutation_page.files(tmp_path)


def test_what_has_no_test_counts_as_not_noticed(found):
    assert mutation_page.table(found)[2:] == [
        "| `reconciler/door.py` | 4 | 1 | 1 | 1 | 1 | 50.0% |",
        "| **all** | 4 | 1 | 1 | 1 | 1 | 50.0% |",
    ]


def test_a_survivor_is_told_by_the_lines_that_differ(found):
    assert mutation_page.survivors(found) == [
        "",
        "`reconciler/door.py`",
        "",
        "- `is_open`: `return port > 0` became `return port >= 0`",
        "- `Door.shut`: no test reaches it (1)",
    ]


def test_only_what_was_measured_is_written_again():
    page = f"# Title\n\n{mutation_page.BEGIN}old\n{mutation_page.END}\n\n## Notes\n"
    again = mutation_page.written(page, ["new", ""])
    assert again == f"# Title\n\n{mutation_page.BEGIN}new\n{mutation_page.END}\n\n## Notes\n"


def test_the_page_has_a_place_for_it():
    page = mutation_page.PAGE.read_text(encoding="utf-8")
    assert page.index(mutation_page.BEGIN) < page.index(mutation_page.END)
