"""The last look at what is written: nothing in it is a command to a build server.

Runners of GitHub and Azure DevOps obey what a step prints. Whatever a view took from a spec or from
Azure, and wherever in a line it stands, a stream passes through here, coloured or not, JSON too.
Sources: github.com/actions/runner, ActionCommand.cs (`::` after blanks, `##[` anywhere);
learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands (`##vso[`).
"""

from __future__ import annotations

import re

from reconciler.render.lines import Line, Span

_AZURE = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)
_GITHUB = re.compile(r"^([^\S\n]*+)::", re.MULTILINE)


def fenced_text(text: str) -> str:
    """Return text of any number of lines with every command in it broken."""
    return _GITHUB.sub(r"\1\\x3a:", _AZURE.sub(r"#\\x23", text))


def fenced_line(item: Line) -> Line:
    """Return a line with every command in it broken, one that only its spans make together too."""
    text = item.text
    places = {match.end() - 1: r"\x23" for match in _AZURE.finditer(text)}
    places |= {match.end() - 2: r"\x3a" for match in _GITHUB.finditer(text)}
    if not places:
        return item
    spans, begin = [], 0
    for span in item.spans:
        shown = (places.get(begin + at, character) for at, character in enumerate(span.text))
        spans.append(Span("".join(shown), span.style))
        begin += len(span.text)
    return Line(tuple(spans), item.hang, item.solid, item.focus)


def fenced_document(text: str) -> str:
    """Return a finished document; in JSON the same data are written with an escape."""
    if text.lstrip().startswith(("{", "[")):
        return _AZURE.sub(r"#\\u0023", text)
    return fenced_text(text)
