"""Nothing that a spec or Azure says can steer a terminal, a build server or a comment."""

from __future__ import annotations

import io
import os
import re

import pytest
from built import at_80_columns, in_a_pipe, resource, views
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Position
from reconciler.engine.decisions import Blocked, Change, Delete, NoOp, Run, Update, Wait
from reconciler.engine.types import Action, FieldDiff, Observed, Outcome, Status
from reconciler.operations.apply.executor import Report
from reconciler.operations.status import StatusRow
from reconciler.reasons import LastOperationFailed, ParentReplaced, ProtectedByTag, RetryOf, RoleAt
from reconciler.render.diagnostics_text import problems
from reconciler.render.fields import Views
from reconciler.render.plan_markdown import MAX_BYTES, plan_markdown
from reconciler.render.plan_text import plan_lines
from reconciler.render.report import report_lines
from reconciler.render.status_text import status_lines
from reconciler.render.terminal import Terminal, clean, clean_lines, line

HOSTILE = {
    "ansi": "\x1b[2J\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "csi8": "\x9b31mred",
    "github": "\n::set-env name=PATH::/evil",
    "github-indented": "\n   ::add-mask::x",
    "azure": "##vso[task.setvariable variable=PATH]/evil ##[error]no",
    "bidi": "abc\u202egpj.exe\u2066\u200b",
    "markdown": "```\n</details><script>@org/team [x](javascript:y) <!-- -->",
    "backspace": "no-op\b\b\b\b\bdelete\r",
    "separator": "a\u2028b\u2029c\x85d",
}

FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]")


def _plan(text: str) -> Views:
    item = FieldDiff(("tags", text), f"tags.{text}", text, {"x": [text]})
    problem = Diagnostic(text, Position(text, 1, 1), detail=text, hint=text)
    because = Diagnostic(text, because=ProtectedByTag(text), details=(ParentReplaced(text),))
    return views(
        Change(resource(text, text), Observed({}), Update((item,), LastOperationFailed(text))),
        Change(resource("jobs.a", text, {text: text}), None, Run(RetryOf(text), (RoleAt(text),))),
        Change(resource("jobs.b", text), None, Blocked((problem, because))),
        Change(resource("jobs.c", text), Observed({}), Wait(text, NoOp(), text)),
        Change(resource(f"jobs.{text}", text), Observed({}), Delete()),
    )


def _texts(text: str) -> dict[str, str]:
    problem = Diagnostic(text, Position(text, 1, 1), detail=text, hint=text)
    outcomes = (
        Outcome(text, Action.CREATE, Status.FAILED, 1.0, (problem,), link=text),
        Outcome("a", Action.CREATE, Status.DONE, 1.0, link=text, reason=RetryOf(text)),
        Outcome("b", Action.RUN, Status.PENDING, 1.0, (problem,), link=text),
        Outcome(text, Action.NO_OP, Status.SKIPPED, because_of=text),
    )
    report = Report(outcomes, remains=(text,))
    return {
        "plan": in_a_pipe(plan_lines(_plan(text), next_step=text)),
        "plan at 80": at_80_columns(plan_lines(_plan(text), next_step=text)),
        "comment": plan_markdown(_plan(text)),
        "report": in_a_pipe(report_lines(report, elapsed_s=1.0, next_step=text)),
        "status": in_a_pipe(status_lines([StatusRow(text, text, "x", "y", text, text)])),
        "errors": in_a_pipe(problems([problem], lambda _name: [text])),
        "answer": clean_lines(text),
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_shown_harmless_everywhere(text: str) -> None:
    for where, shown in _texts(text).items():
        assert not FORBIDDEN.search(shown), where
        assert not re.search(r"(?m)^\s*::", shown), where
        assert "##vso[" not in shown, where
        assert "##[" not in shown, where


@given(st.text(max_size=60))
def test_clean_text_is_one_line_without_controls(text: str) -> None:
    shown = clean(text)
    assert not FORBIDDEN.search(shown)
    assert "\n" not in shown
    shown.encode("utf-8")


def _outside_of_code(comment: str) -> str:
    """Return a comment without its fenced blocks and code spans, as GitHub reads them."""
    text = re.sub(r"(?ms)^(`{3,})diff\n.*?\n\1$", "", comment)
    return re.sub(r"(?s)(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)


@given(st.text(alphabet="`@<>!-[]()\n aé~*_", max_size=40))
def test_a_comment_cannot_be_broken_out_of(text: str) -> None:
    outside = _outside_of_code(plan_markdown(_plan(text)))
    assert "@" not in outside
    assert set(re.findall(r"<[^>]*>", outside)) <= {
        "<!-- reconcile:chat -->",
        "<details open>",
        "<summary>",
        "</summary>",
        "</details>",
    }


def test_a_huge_plan_fits_a_comment_and_keeps_its_deletes() -> None:
    many = [
        Change(resource(f"jobs.job-{n}", "job", {"text": "x" * 300}), None, Run())
        for n in range(500)
    ]
    gone = Change(resource("endpoints.old", "endpoint"), Observed({}), Delete())
    comment = plan_markdown(views(*many, gone))
    assert len(comment.encode()) <= MAX_BYTES
    assert "endpoints.old" in comment
    assert len(re.findall(r"^\+ jobs\.job-\d+ .* will run$", comment, re.MULTILINE)) >= 500
    assert re.search(r"The fields of \d+ more are not shown", comment)


def test_a_plan_that_is_too_long_for_its_headlines_says_how_many_are_missing() -> None:
    many = [Change(resource(f"jobs.job-{n}-{'x' * 90}", "job"), None, Run()) for n in range(800)]
    gone = Change(resource("endpoints.old", "endpoint"), Observed({}), Delete())
    comment = plan_markdown(views(*many, gone))
    assert len(comment.encode()) <= MAX_BYTES
    assert "endpoints.old" in comment
    assert re.search(r"\d+ more changes are not shown", comment)


def test_a_word_that_is_too_long_is_never_broken() -> None:
    long_id = "/subscriptions/" + "x" * 200
    assert long_id in at_80_columns([line(f"id: {long_id} and more words " * 2, hang=2)])


@pytest.mark.parametrize("colour", [True, False])
def test_markup_in_text_is_text(*, colour: bool) -> None:
    stream = io.StringIO()
    Terminal(stream, colour=colour).write([line("[bold]env[/bold] :smile: [env]")])
    assert "[bold]env[/bold] :smile: [env]" in stream.getvalue()


def test_a_closed_pipe_is_quiet() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as stream:
        terminal = Terminal(stream)
        terminal.say("nobody reads this")
        terminal.say("nor this")
