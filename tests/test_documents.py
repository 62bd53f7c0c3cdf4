"""The documents are true: generated parts are fresh, and what they name exists."""

import re

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.kinds import KINDS
from reconciler.kinds.field_changes import COMMAND_INPUTS, IDENTIFYING, RUN_INPUTS, immutable
from reconciler.kinds.spec_fields import by_path as shapes_by_path
from reconciler.kinds.spec_fields import sections
from tools.pages import ROOT, parts, with_part, written

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    *(f"docs/{f.name}" for f in (ROOT / "docs").glob("*.md")),
)
TOPS = ("reconciler", "tests", "tools", "docs", "examples", "specs", "schemas", "benchmarks")
TO_BE_MADE = ("tests/kinds/batch_endpoint/",)
"""What a page says to make."""


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def prose_of(page):
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page):
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", parts())
def test_generated_parts_are_fresh(page):
    assert text_of(page) == written(page), "run `make reference`"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_both_sides_of_a_merge(page):
    assert not re.search(r"^(<{7}|={7}|>{7})", text_of(page), re.MULTILINE)


def test_a_page_without_marks_is_told():
    with pytest.raises(ValueError, match="no part kinds"):
        with_part("a page", "kinds", "text")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_of_the_project_that_a_page_names_exists(page):
    named = re.findall(
        r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|yaml|json|md)|(?:[\w.-]+/)+)`", text_of(page)
    )
    ours = [path for path in named if path.split("/")[0] in TOPS and "/" in path]
    missing = [path for path in ours if path not in TO_BE_MADE and not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_name_that_a_page_places_in_a_module_is_there(page):
    """`decide` and `_to_write` in `reconciler/engine/decide.py`."""
    placed = re.findall(
        r"((?:`[\w.]+`(?:, | and |, and )?)+) in `(reconciler/[\w/]+\.py)`", prose_of(page)
    )
    for names, path in placed:
        for name in re.findall(r"`([\w.]+)`", names):
            last = name.rpartition(".")[2]
            assert re.search(rf"\b{last}\b", text_of(path)), f"{name} in {path}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(page)):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        place = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert place.exists(), target
        if anchor:
            assert anchor in anchors_of(place.relative_to(ROOT)), target


def test_every_make_target_that_a_page_names_exists():
    makefile = text_of("Makefile")
    for page in PAGES:
        for words in re.findall(r"`(?:[\w=/.]+ )?make ([a-z -]+?)(?: SAMPLE.*)?`", prose_of(page)):
            for target in words.split():
                assert f"\n{target}:" in makefile, f"{page}: make {target}"


def test_every_command_has_a_section():
    page = text_of("docs/commands.md")
    for command in COMMANDS:
        assert f"## `reconcile {command}" in page


def test_every_section_of_the_spec_has_an_example():
    page = text_of("docs/spec.md")
    for section in sections():
        if "." not in section.path:
            chapter = page.split(f"### `{section.path}`")[1].split("\n### ")[0]
            assert f"```yaml\n{section.path}:" in chapter, section.path


def test_a_kind_shows_fields_of_its_own_section_only():
    own = {f"{s.path}.{f.name}" for s in sections() for f in s.fields}
    for handler in KINDS:
        for name in immutable(handler) - {"location"}:
            assert f"{handler.section}.{name}" in own
    project = next(handler for handler in KINDS if handler.kind == "project")
    assert immutable(project) == {"hub_id", "location"}


def test_the_fields_that_the_reference_singles_out_exist():
    by_path = {
        path: {f.name for shape in shapes for f in shape.fields}
        for path, shapes in shapes_by_path().items()
    }
    for path, names in IDENTIFYING.items():
        assert set(names) <= by_path[path]
    assert set(RUN_INPUTS) <= by_path["jobs"]
    assert set(COMMAND_INPUTS) <= by_path["jobs"] | by_path["jobs.resources"]
