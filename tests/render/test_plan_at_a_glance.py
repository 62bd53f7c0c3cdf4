"""What a reader sees of a plan without opening anything, and that no format loses any of it."""

import re
from dataclasses import replace
from html import unescape
from textwrap import wrap

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Blocked, Change, Create, Delete, NoOp
from reconciler.engine.types import Acceptance, Observed
from reconciler.reasons import PublicNetwork
from reconciler.render.fields import KindView
from reconciler.render.held import HEADING
from reconciler.render.plan_html import plan_html
from reconciler.render.plan_markdown import MOST_SHOWN, plan_markdown
from reconciler.render.plan_page import page_of
from reconciler.render.plan_text import plan_lines
from tests.render.built import KINDS, cluster, resource, views
from tests.render.test_plan_page import from_empty

MOST_LINES = 60
WIDTH = 105
"""Characters of prose in one line of a comment on GitHub."""


def at_a_glance(comment):
    """Return the lines that a comment shows with everything folded, as wide as GitHub's."""
    folded = re.sub(r"<details>.*?</details>", "<details>", comment, flags=re.DOTALL)
    fenced = re.findall(r"```diff\n(.*?)\n```", folded, re.DOTALL)
    prose = re.sub(r"```diff\n.*?\n```", "", folded, flags=re.DOTALL)
    lines = [row for text in prose.splitlines() if text for row in wrap(text, WIDTH)]
    return [*lines, *(row for block in fenced for row in block.splitlines())]


def text_of(page):
    return unescape(re.sub(r"<[^>]*>", "", page))


def test_the_comment_of_the_whole_scenario_is_short_and_names_everything():
    shown = from_empty()
    lines = at_a_glance(plan_markdown(shown))
    assert len(lines) <= MOST_LINES
    for change in shown.plan.changes:
        assert any(row.startswith(f"+ {change.address} (") for row in lines), change.address
    for role, scope in (
        ("Contributor", "resource_group"),
        ("Storage Blob Data Reader", "workspace.storage_account"),
        ("AcrPull", "workspace.container_registry"),
    ):
        assert f"    role: {role}, scope: {scope}" in lines


def test_of_a_large_plan_only_what_is_new_and_harmless_is_folded_away():
    new = [
        Change(resource(f"compute.c{n}", "compute cluster"), None, Create())
        for n in range(MOST_SHOWN)
    ]
    grants = [
        Change(resource(f"identities.i{n}.acr-pull", "grant"), None, Create()) for n in range(3)
    ]
    gone = Change(resource("compute.old", "compute cluster"), Observed({}), Delete())
    large = replace(
        views(*new, *grants, gone), kinds={**KINDS, "grant": KindView(grants_access=True)}
    )
    comment = plan_markdown(large)
    lines = at_a_glance(comment)
    assert "- compute.old (compute cluster) will be deleted" in lines
    assert [row for row in lines if row.startswith("+ ")] == [
        f"+ identities.i{n}.acr-pull (grant) will be created" for n in range(3)
    ]
    assert f"<summary>{MOST_SHOWN} more that are new</summary>" in comment
    assert all(f"+ compute.c{n} (" in comment for n in range(MOST_SHOWN))
    few = replace(large, plan=replace(large.plan, changes=(*new[:5], *grants, gone)))
    assert "more that are new" not in plan_markdown(few)


def everything_beside_changes():
    """A plan with all that a page says besides its changes."""
    known = cluster()
    tags = {**known.desired["tags"], "team": "data"}
    changed = replace(known, desired={**known.desired, "tags": tags})
    own, hidden = KINDS["compute cluster"].rules, frozenset({"properties.computeType"})
    rules = replace(own, create_only=frozenset({"tags"}), write_only=hidden)
    kinds = {**KINDS, "compute cluster": KindView(rules, compares_at_apply=True)}
    kept = Change(changed, Observed(known.desired), NoOp())
    fresh = Change(resource("compute.new", "cluster"), None, Create())
    vain = (Acceptance("compute.new", "retirement", "known <b>"),)
    opened = KindView(concerns=lambda _change: (PublicNetwork(),))
    known = Acceptance("compute.open", "public-network", "behind a <proxy>")
    kinds["open"] = opened
    accepted = replace(resource("compute.open", "open"), accepted=(known,))
    fresh = replace(fresh, resource=replace(fresh.resource, accepted=vain))
    found = views(kept, fresh, Change(accepted, None, Create()))
    return replace(found, kinds=kinds, tags={"part": "<b>"})


def as_text(shown):
    return "\n".join(row.text for row in plan_lines(shown))


@pytest.mark.parametrize(
    "format_of", [as_text, plan_markdown, plan_html], ids=["text", "md", "html"]
)
def test_no_format_loses_a_part(format_of):
    shown = everything_beside_changes()
    page = page_of(shown)
    (held,) = page.held
    assert [item.text for item in held[1]] == ["tags.team stays ml-platform, the spec says data"]
    text = format_of(shown)
    text = text_of(text) if format_of is plan_html else text
    parts = ("part=<b>", "ompared at apply", "compute.new", "not-applied.tags.team")
    for part in (HEADING, held[1][0].text, *parts):
        assert part in text
    for part in (*(item.text for item in page.accepted), *(n.summary for n in page.notes)):
        assert part in text
    assert "accepted: behind a <proxy>" in text
    assert "`retirement` matches nothing" in text
    assert "Needs your attention" not in text


def test_what_is_lost_and_who_gets_rights_is_open_on_the_page():
    page = plan_html(from_empty())
    opened = re.findall(r"<details class='change' open>.*?<code>(.*?)</code>", page)
    assert [a.rpartition(".")[2] for a in opened] == [
        "contributor",
        "storage-blob-data-reader",
        "acr-pull",
    ]


def test_boxes_of_the_graph_can_be_told_apart():
    """Three grants of one identity were three boxes with the same text."""
    labels = re.findall(r"<text [^>]*>(.*?)</text>", plan_html(from_empty()))
    assert len(labels) == len(set(labels)) == len(from_empty().plan.changes)


def test_names_of_fields_are_not_broken_within_a_word():
    """`friendly_name` stood in two lines beside a value that had all the room."""
    style = plan_html(from_empty()).partition("<style>")[2].partition("</style>")[0]
    (wide,) = re.findall(r"^th\{(.*?)\}", style, re.MULTILINE)
    assert "overflow-wrap:normal" in wide
    assert "@media(max-width:40rem){th,td{display:block}" in style


def test_every_format_says_why_a_plan_is_blocked():
    """A comment said that a cluster is in use, and not by which jobs."""
    problem = Diagnostic("`compute.new` is in use", detail="theirs (Running)", hint="wait")
    fresh = Change(resource("compute.new", "cluster"), None, Blocked((problem,), of=Create()))
    for format_of in (as_text, plan_markdown, plan_html):
        text = format_of(views(fresh))
        assert all(part in text for part in ("is in use", "theirs (Running)", "wait")), format_of


@pytest.mark.parametrize(
    ("decision", "mood"), [(Create(), "good"), (Delete(), "caution"), (NoOp(), "good")]
)
def test_what_takes_something_away_is_not_green(decision, mood):
    change = Change(resource("compute.old", "cluster"), Observed({}), decision)
    assert f"<p class='{mood}'><strong>" in plan_html(views(change))
