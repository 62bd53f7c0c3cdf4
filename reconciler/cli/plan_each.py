"""`plan` of several specs in one process: each as it is alone, then a table and one exit code."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from reconciler.cli.session import Session
from reconciler.diagnostics import (
    ExitCode,
    InterruptedRun,
    LocalError,
    ReconcileError,
    UsageError,
)
from reconciler.engine.types import JsonObject
from reconciler.operations.output_file import write_whole
from reconciler.operations.spec_choice import changed_since, specs_named
from reconciler.render.diagnostics_text import problems
from reconciler.render.failed_plan import failed_plan_json
from reconciler.render.fields import Views
from reconciler.render.plan_json import document
from reconciler.render.plan_page import counts
from reconciler.render.plan_text import plan_lines
from reconciler.render.terminal import Line, Span, Style, clean, line
from reconciler.secrets import scrub

ALONE = ("out", "html", "base", "target", "adopt", "retry", "allow_outage", "prune")
FORMS = ("text", "json")
GRAVITY = (
    ExitCode.OK,
    ExitCode.CHANGES,
    ExitCode.REFUSED,
    ExitCode.INVALID_SPEC,
    ExitCode.UNAVAILABLE,
    ExitCode.DENIED,
    ExitCode.FAILED,
)
"""Exit codes from the best to the worst: that of several plans is the worst of theirs."""

Planned = Callable[[Session], tuple[Views, ExitCode]]
"""Plans the spec of a session's options."""


@dataclass(frozen=True)
class Result:
    """The result for one spec; `views` is None if no plan could be made.

    `source` is how it is named among the others: its file, with its environment if it has several.
    """

    file: str
    source: str
    views: Views | None
    found: JsonObject
    code: ExitCode


def plan_each(session: Session, planned: Planned) -> ExitCode:
    """Plan the specs that are named, show all, and return the worst exit code."""
    options = session.options
    _refuse(options)
    sources = specs_named(options.spec)
    chosen = (
        sources if options.changed_since is None else changed_since(sources, options.changed_since)
    )
    results = []
    for source, environment in product(chosen, options.environments or [""]):
        named = [environment] if environment else []
        session.options = Namespace(**{**vars(options), "spec": source, "environments": named})
        results.append(_one(session, planned, _label(source, options, environment)))
    session.options = options
    if options.out_json:
        _write(Path(options.out_json), results)
    code = max((result.code for result in results), key=_gravity, default=ExitCode.OK)
    if options.output == "json":
        session.out.raw(_json(results, len(sources), code))
    else:
        session.out.write([row for result in results for row in _plan_lines(result, options)])
        session.out.write(list(_table(results, len(sources))))
    return code


def _refuse(options: Namespace) -> None:
    """Raise `UsageError` for what only a plan of one spec can do."""
    given = [f"--{name.replace('_', '-')}" for name in ALONE if getattr(options, name)]
    if options.spec == "-":
        given = ["standard input"]
    if given:
        raise UsageError.because(f"{given[0]} is for a plan of one spec", hint="name one file")
    if options.output not in FORMS:
        raise UsageError.because(
            f"several specs are printed as {' or '.join(FORMS)}",
            hint="`--out-json FOLDER` writes a document for each of them",
        )


def _label(source: str, options: Namespace, environment: str) -> str:
    """Return how a plan is named among others: by its file, and its environment of several."""
    return f"{source} ({environment})" if len(options.environments) > 1 else source


def _one(session: Session, planned: Planned, source: str) -> Result:
    """Plan one spec; what is wrong with it is told, and keeps no other from being planned."""
    file = session.options.spec
    try:
        views, code = planned(session)
    except InterruptedRun:
        raise
    except ReconcileError as error:
        session.err.write(problems(error.diagnostics))
        return Result(
            file, source, None, json.loads(failed_plan_json(error, source)), error.exit_code
        )
    return Result(file, source, views, document(views), code)


def _gravity(code: ExitCode) -> int:
    return GRAVITY.index(code) if code in GRAVITY else len(GRAVITY)


def _write(folder: Path, results: Sequence[Result]) -> None:
    """Write a document for each spec into a folder. Raises `LocalError` where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError.because(f"{folder} cannot be made: {error.strerror}") from error
    for number, result in enumerate(results, 1):
        name = re.sub(r"[^A-Za-z0-9.]+", "-", result.source).strip("-.")
        write_whole(folder / f"{number:03d}-{name}.json", scrub(_dumped(result.found)))


def _json(results: Sequence[Result], looked_at: int, code: ExitCode) -> str:
    plans = [{"file": result.source, "plan": result.found} for result in results]
    return _dumped({"specs": looked_at, "exit_code": int(code), "plans": plans})


def _dumped(found: JsonObject) -> str:
    return json.dumps(found, indent=2, ensure_ascii=True, default=str) + "\n"


def _plan_lines(result: Result, options: Namespace) -> Iterator[Line]:
    if result.views is not None and not result.views.plan.is_empty:
        yield line(Span(clean(result.source), Style.STRONG))
        yield from plan_lines(result.views, verbose=options.verbose)
        yield line()


def _table(results: Sequence[Result], looked_at: int) -> Iterator[Line]:
    """Yield a line for each spec, and the total."""
    width = max((len(clean(result.source)) for result in results), default=0)
    for result in results:
        yield line(Span(f"{clean(result.source):<{width}}", Style.STRONG), f"  {_told(result)}")
    changing = sum(map(_is_changing, results))
    blocked = sum(_is_blocked(result) for result in results)
    unchanged = looked_at - len({result.file for result in results})
    tail = f", {blocked} blocked or without a plan" if blocked else ""
    tail += f"; {unchanged} not changed since then" if unchanged else ""
    yield line(Span(f"{len(results)} planned: {changing} with changes{tail}.", Style.STRONG))


def _is_changing(result: Result) -> bool:
    is_plan = result.views is not None and not result.views.plan.is_empty
    return is_plan and not _is_blocked(result)


def _is_blocked(result: Result) -> bool:
    return result.views is None or bool(result.views.plan.stopping)


def _told(result: Result) -> str:
    if result.views is None:
        return "no plan: see the error above"
    if result.views.plan.stopping:
        return f"blocked; {counts(result.views)}"
    return "no changes" if result.views.plan.is_empty else counts(result.views)
