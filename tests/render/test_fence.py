"""Every sink x every style x every place in a line x fifty hostile texts: no command gets out."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest
from hostile import HOSTILE, plan_of

from reconciler.cli.request_log import log_requests
from reconciler.engine.types import Action, Outcome, Status
from reconciler.render.event_lines import EventLines
from reconciler.render.plan_html import plan_html
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_lines
from reconciler.render.terminal import Span, Style, Terminal, clean, clean_lines, line

ANSI = re.compile(r"\x1b\[[0-9;]*m")
COMMANDS = re.compile(r"(?mi)^\s*::|##\[|##vso\[")
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]")
PLACES = ("{}", "  {}", "a {} b", "#{}", "##{}", ":{}", "\n{}", "a\r{}")


def harmless(text: str) -> bool:
    """Whether a runner finds no command in it, and a terminal nothing but colours."""
    plain = ANSI.sub("", text)
    return not COMMANDS.search(plain) and not COMMANDS.search(text) and not STEERING.search(plain)


def test_there_are_fifty_hostile_texts() -> None:
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("width", [None, 40])
def test_no_style_lets_a_command_out(style: Style, *, colour: bool, width: int | None) -> None:
    for text in HOSTILE:
        for place in PLACES:
            stream = io.StringIO()
            shown = clean(place.format(text))
            terminal = Terminal(stream, colour=colour, width=width)
            terminal.write([line(Span(shown, style)), line("", Span(shown, style), shown)])
            assert harmless(stream.getvalue()), (text, place)


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("cut", range(1, 9))
def test_spans_make_no_command_together(cut: int, *, colour: bool) -> None:
    for text in ("::set-env name=A::b", "##vso[task.x]y", "##[error]x", "  ::warning::x"):
        stream = io.StringIO()
        parts = (Span(text[:cut]), Span(text[cut:], Style.BAD))
        Terminal(stream, colour=colour).write([line(*parts)])
        assert harmless(stream.getvalue())


def sinks(text: str) -> dict[str, str]:
    """Return what each sink writes of a plan whose every word is a text."""
    found = {}
    views = plan_of(text)
    for colour in (True, False):
        stream = io.StringIO()
        Terminal(stream, colour=colour).write(plan_lines(views, next_step=text, verbose=True))
        found[f"text, colour {colour}"] = stream.getvalue()
    for name, document in (("json", plan_json(views)), ("markdown", plan_markdown(views))):
        stream = io.StringIO()
        Terminal(stream).raw(document)
        found[name] = stream.getvalue()
    stream = io.StringIO()
    with EventLines(Terminal(stream, colour=True)) as events:
        events.started(text, Action.CREATE)
        events.say(text, text, link=text)
        events.finished(Outcome(text, Action.CREATE, Status.FAILED, 1.0, link=text))
    found["events"] = stream.getvalue()
    found["answer"] = clean_lines(text)
    return {**found, "log": logged(text)}


def logged(text: str) -> str:
    stream = io.StringIO()
    logger = logging.getLogger("reconcile.azure")
    before = (logger.handlers, logger.level, logger.propagate)
    log_requests(Terminal(stream))
    logger.info("%s", text)
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])
    return stream.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_sink_lets_a_command_out(text: str) -> None:
    for name, written in sinks(text).items():
        assert harmless(written), (name, [m[0] for m in COMMANDS.finditer(written)])


@pytest.mark.parametrize("text", HOSTILE)
def test_json_means_what_it_meant(text: str) -> None:
    stream = io.StringIO()
    Terminal(stream).raw(json.dumps({"a": [text]}))
    assert json.loads(stream.getvalue()) == {"a": [text]}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_holds_no_markup_of_others(text: str) -> None:
    page = plan_html(plan_of(text))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", page).replace("&quot;", "")
