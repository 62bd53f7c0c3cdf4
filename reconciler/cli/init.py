"""`reconcile init`: write a spec to start from, made of a shipped one; sends nothing."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.arguments import nearest
from reconciler.diagnostics import ExitCode, RefusedError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.cli.templates import Template

SUMMARY = "Write a spec to start from: asks on a terminal, or takes --from. Needs no network."
EXAMPLES = (
    "reconcile init                                  # asks, and writes spec.yaml",
    "reconcile init team.yaml --from own-data --resource-group rg-team --location westeurope",
)
CHOICES = ("phi3", "own-data", "existing")
REPLACE = "name another file, or pass --overwrite to replace this spec"
QUESTIONS = {
    "subscription_id": "Subscription id (az account show --query id)",
    "resource_group": "Resource group",
    "location": "Region",
}


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    own = parser.own
    own.add_argument(
        "file", nargs="?", default="spec.yaml", metavar="FILE", help="default spec.yaml"
    )
    own.add_argument("--from", dest="template", choices=CHOICES, help="what to build")
    own.add_argument("--subscription", dest="subscription_id", metavar="ID", help="its id")
    own.add_argument("--resource-group", metavar="NAME", help="the resource group to use")
    own.add_argument("--location", metavar="REGION", help="the region, such as westeurope")
    own.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")


def run(session: Session) -> ExitCode:
    """Ask for what is missing, check the spec, write it and what it names."""
    from reconciler.cli.templates import TEMPLATES, files_of

    options = session.options
    file = Path(options.file)
    _refuse_existing([] if options.overwrite else [file], REPLACE)
    target = {key: getattr(options, key) for key in QUESTIONS if getattr(options, key)}
    if options.template is None:
        _need_terminal(options.file)
        options.template = _choose(session)
        asked = {key: _ask(session, text) for key, text in QUESTIONS.items() if key not in target}
        target |= {key: value for key, value in asked.items() if value}
    template = TEMPLATES[options.template]
    files = files_of(template, target, file.name)
    _write(files, file, overwrite=options.overwrite)
    is_complete = set(target) == set(QUESTIONS)
    _say_next(session, file, template, is_complete=is_complete)
    return ExitCode.OK


def _need_terminal(file: str) -> None:
    """Raise `UsageError` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError.because(
            "nobody can be asked: standard input is not a terminal",
            hint=f"reconcile init {shlex.quote(file)} --from {'|'.join(CHOICES)}",
        )


def _choose(session: Session) -> str:
    """Return the template that the user picks, by its name or number."""
    from reconciler.cli.templates import TEMPLATES

    session.err.say("What do you want to build?")
    for number, (name, template) in enumerate(TEMPLATES.items(), 1):
        session.err.say(f"  {number}  {name:<9} {template.about}")
    answer = _ask(session, "Number or name")
    numbered = dict(zip(map(str, range(1, len(CHOICES) + 1)), CHOICES, strict=True))
    chosen = numbered.get(answer, answer)
    if chosen not in TEMPLATES:
        hint = nearest(chosen, CHOICES) or f"one of: {', '.join(CHOICES)}"
        raise UsageError.because(f"{answer!r} is not in the list", hint=hint)
    return chosen


def _ask(session: Session, question: str) -> str:
    """Return one line of an answer, "" for Enter or the end of the input."""
    session.err.stream.write(f"{question}: ")
    session.err.stream.flush()
    return sys.stdin.readline().strip()


def _refuse_existing(files: list[Path], hint: str) -> None:
    """Raise `RefusedError` for the first file that is there already."""
    for file in files:
        if file.exists() or file.is_symlink():
            what = f"{file} exists already; nothing was written"
            raise RefusedError.because(what, hint=hint)


def _write(files: dict[str, bytes], spec: Path, *, overwrite: bool) -> None:
    """Write the files; one beside the spec that is the same already stays, another is refused."""
    wanted = {spec.parent / path: content for path, content in files.items()}
    beside = [f for f in wanted if f != spec and not _is_same(f, wanted[f])]
    _refuse_existing(beside, "move it away, or write the spec into another folder")
    for file in [*beside, spec]:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb" if overwrite and file == spec else "xb") as stream:
            stream.write(wanted[file])


def _is_same(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _say_next(session: Session, file: Path, template: Template, *, is_complete: bool) -> None:
    """Say what is left to edit, and what to type."""
    target = "" if is_complete else "the subscription, resource group and location under `target`; "
    sandbox = " --sandbox" if template.has_all else ""
    session.out.say(f"Wrote {file}. Edit in it: {target}{template.to_edit}.")
    session.out.say(f"To see what it would do: reconcile plan {shlex.quote(str(file))}{sandbox}")
