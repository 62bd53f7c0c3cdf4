"""The page of a plan: whole, escaped, and without anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from reconciler.engine.decisions import Change, Create
from reconciler.render.plan_html import MAX_BYTES, plan_html
from reconciler.render.plan_page import page_of
from tests.render.built import everything, resource, views

HOSTILE = [
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "\x1b[2J\u202eevil",
    "&lt;script&gt;",
    "a" * 5000,
]
TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "section", "ul",
    "li", "code", "br", "span", "div", "input", "details", "summary", "b", "table", "tr", "th",
    "td", "del", "ins", "em", "svg", "path", "g", "rect", "text", "script",
}  # fmt: skip


class Seen(HTMLParser):
    """Collects the elements of a page, and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def seen(page: str) -> Seen:
    found = Seen()
    found.feed(page)
    return found


def test_the_page_says_what_the_plan_says() -> None:
    shown, page = plan_html(everything()), page_of(everything())
    text = unescape(re.sub(r"<[^>]*>", "", shown))
    for entry in page.entries:
        assert entry.address in text
        assert all(row.after in text for row in entry.rows)
    for item in page.attention:
        assert item.what in text
    assert page.cost in text
    assert "hunter2" not in shown


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(name: str) -> None:
    bad = resource(f"compute.{name}", f"cluster {name}", {"tags": {name: name}})
    found = seen(plan_html(views(Change(bad, None, Create()))))
    assert set(found.tags) <= TAGS
    assert found.tags.count("script") == 1
    assert not [n for n, _ in found.attributes if n.startswith("on")]


def test_nothing_is_loaded_and_only_what_is_ours_may_run() -> None:
    shown = plan_html(everything())
    names = {name for name, _ in seen(shown).attributes}
    assert not names & {"src", "href", "style", "action"}
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", shown, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in shown
    assert "default-src 'none'" in shown


@pytest.mark.parametrize("count", [0, 1, 500, 12_000])
def test_its_size_is_bounded(count: int) -> None:
    body = {"tags": {"text": "x" * 200}}
    changes = [
        Change(resource(f"compute.n{n}", "cluster", body), None, Create()) for n in range(count)
    ]
    shown = plan_html(views(*changes))
    assert len(shown.encode()) < MAX_BYTES * 1.5
    assert ("more changes do not fit" in shown) is (count == 12_000)
