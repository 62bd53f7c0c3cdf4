"""Problems as people read them: place and what, the lines of the spec, why, what next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.acceptance import is_acceptable
from reconciler.render.excerpt import excerpt
from reconciler.render.reason_text import detail_of, summary_of
from reconciler.render.terminal import Line, Span, Style, clean, line
from reconciler.safe_open import open_file, real_path

MAX_SHOWN = 50
MAX_BYTES = 1 << 20

Source = Callable[[str], Sequence[str]]
"""Returns the lines of a file that a problem is in; none when it cannot be shown."""


def lines_of_file(name: str) -> Sequence[str]:
    """Return the lines of a file for its excerpt; nothing for standard input or a lost file.

    Nothing either of a link out of its folder: a problem *about* such a link must not print
    what it leads to. Nor of a file of keys, which a problem tells not to upload.
    """
    from reconciler.kinds.local.left_out import is_of_keys

    try:
        top = real_path(Path(name).parent, strict=True)
        with open_file(top, real_path(name, strict=True)) as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return ()
    if len(content) > MAX_BYTES or is_of_keys(name, content):
        return ()
    return content.decode("utf-8-sig", "replace").split("\n")


def problems(found: Iterable[Diagnostic], source: Source = lines_of_file) -> list[Line]:
    """Return the lines for problems, in the order given, and a count when there are several."""
    items = list(found)
    shown: list[Line] = []
    was_long = False
    for _, alike in groupby(items[:MAX_SHOWN], key=_surroundings):
        block = _problems(list(alike), source)
        is_long = len(block) > 1
        if shown and (is_long or was_long):
            shown.append(line())
        shown.extend(block)
        was_long = was_long or is_long
    if len(items) > MAX_SHOWN:
        shown.append(line(Span(f"... and {len(items) - MAX_SHOWN} more", Style.QUIET)))
    errors = sum(1 for item in items if item.severity is Severity.ERROR)
    if errors > 1:
        shown += [line(), line(Span(f"{errors} errors", Style.STRONG))]
    return shown


def headlines(found: Iterable[Diagnostic]) -> list[Line]:
    """Return one line for each problem, and how to learn more where there is more to say."""
    items = list(found)
    shown = [_headline(item) for item in islice(items, MAX_SHOWN)]
    if any(item.hint or detail_of(item) for item in items):
        shown.append(line(Span("-v shows why, and what to do about it", Style.QUIET)))
    return shown


def _surroundings(item: Diagnostic) -> tuple[object, ...]:
    """Return what is shown below a problem; those that share it are shown together."""
    return (item.position, item.details, item.detail, item.hint)


def _problems(alike: Sequence[Diagnostic], source: Source) -> list[Line]:
    """Return the headlines of problems in one place, then what is to be said of all of them."""
    shown = [_headline(item) for item in alike]
    item = alike[0]
    if item.position:
        shown.extend(excerpt(source(item.position.file), item.position))
    shown.extend(line("  ", clean(text), hang=2) for text in detail_of(item).splitlines() if text)
    if item.hint:
        hints = [clean(text) for text in item.hint.splitlines() if text.strip()]
        shown.extend(
            line(Span("  hint: " if not n else "        ", Style.RUN), text, hang=8)
            for n, text in enumerate(hints)
        )
    return shown


def _headline(item: Diagnostic) -> Line:
    is_error = item.severity is Severity.ERROR
    style = Style.BAD_STRONG if is_error else Style.WARN_STRONG
    place = f"{clean(item.position)}: " if item.position else ""
    is_told = item.severity is Severity.WARNING and is_acceptable(item.id)
    id_ = [Span(f" [{clean(item.id)}]", Style.QUIET)] if is_told else []
    what = clean(summary_of(item))
    return line(place, Span(f"{item.severity.value}: ", style), what, *id_, hang=4)
