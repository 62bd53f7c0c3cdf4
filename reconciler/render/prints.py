"""A plan as it was printed, as plain data: what a saved plan keeps to be shown again.

Everything in it went through the printers, so it holds nothing that they would not show.
Secrets, and values of environment variables, are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.engine.types import JsonObject
from reconciler.render.fields import Views
from reconciler.render.plan_json import document
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_lines
from reconciler.render.terminal import Line, Span, Style, clean
from reconciler.secrets import scrub

FORMS = ("text", "verbose", "markdown", "json")


def prints_of(views: Views) -> JsonObject:
    """Return a plan in every form that it can be shown in again."""
    found = {
        "text": _rows(plan_lines(views)),
        "verbose": _rows(plan_lines(views, verbose=True)),
        "markdown": plan_markdown(views).splitlines(),
        "json": document(views),
    }
    prints: JsonObject = json.loads(scrub(json.dumps(found, default=str)))
    return prints


def lines_of(prints: JsonObject, *, verbose: bool) -> list[Line]:
    """Return the text of a plan. Raises `ValueError` where the data are not of ours."""
    rows = prints["verbose" if verbose else "text"]
    return [_line(row["hang"], row["spans"]) for row in rows]


def markdown_of(prints: JsonObject) -> str:
    """Return the comment."""
    return "\n".join(map(clean, prints["markdown"])) + "\n"


def json_of(prints: JsonObject) -> str:
    """Return the JSON document."""
    return json.dumps(prints["json"], indent=2, ensure_ascii=True) + "\n"


def _rows(lines: Iterable[Line]) -> list[JsonObject]:
    return [
        {"hang": item.hang, "spans": [[span.text, span.style.name] for span in item.spans]}
        for item in lines
    ]


def _line(hang: int, spans: Iterable[tuple[str, str]]) -> Line:
    return Line(tuple(Span(clean(text), Style[style]) for text, style in spans), int(hang))
