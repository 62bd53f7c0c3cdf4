"""Texts that would steer a terminal, a build server or a reader, and a plan made of one."""

from __future__ import annotations

from built import resource, views

from reconciler.diagnostics import Diagnostic, Position
from reconciler.engine.decisions import Blocked, Change, Delete, Run, Update
from reconciler.engine.types import FieldDiff, Observed
from reconciler.reasons import LastOperationFailed, RetryOf
from reconciler.render.fields import Views

GITHUB = (
    *("::set-env name=PATH::/evil", "::add-mask::x", "::error file=a,line=1::x", "::debug::x"),
    *("::stop-commands::x", "::save-state name=a::b", "::set-output name=a::b", "::group::x"),
    *(
        "::add-path::/evil",
        "::echo::on",
        "::warning::x",
        "::notice::x",
        "::x::",
        "::",
        ":::",
        "::::",
    ),
)
AZURE = (
    *(
        "##vso[task.setvariable variable=PATH]/evil",
        "##vso[task.uploadfile]/etc/passwd",
        "##[error]no",
    ),
    *(
        "##[command]x",
        "##[group]x",
        "##VSO[task.complete]x",
        "##[section]x",
        "###[x]",
        "##vso[",
        "##[",
    ),
    *("#" * 40 + "[x]", "a##vso[build.addbuildtag]x", "##[[x]]", "##vso[[x"),
)
TERMINALS = (
    *(
        "\x1b[2J",
        "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
        "\x9b31mred",
        "\x1b]0;t\x07",
    ),
    *("no-op\b\b\b\b\bdelete\r", "\x00", "\x7f", "a\x0bb\x0cc", "\x1b[31m::error::x", "\x1bc"),
    *("abc\u202egpj.exe\u2066\u200b", "a\u2028::b\u2029##[c", "\x85::d", "\u200f::x", "\ufeff::x"),
)
PAGES = (
    *(
        "```\n</details><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><script>alert(1)',
    ),
    *("@org/team [x](javascript:y) <!-- -->", "--> <b>", "&lt;script&gt;", "' onclick='x"),
)
HOSTILE = (*GITHUB, *AZURE, *TERMINALS, *PAGES)


def plan_of(text: str) -> Views:
    """Return a plan whose every word is a text."""
    item = FieldDiff(("tags", text), f"tags.{text}", text, {"x": [text]})
    problem = Diagnostic(text, Position(text, 1, 1), detail=text, hint=text)
    return views(
        Change(resource(text, text), Observed({}), Update((item,), LastOperationFailed(text))),
        Change(resource("jobs.a", text, {text: text}), None, Run(RetryOf(text))),
        Change(resource("jobs.b", text), None, Blocked((problem,))),
        Change(resource(f"jobs.{text}", text), Observed({}), Delete()),
    )
