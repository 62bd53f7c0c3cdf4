"""`reconcile import`: a spec out of the files of `az ml`; sends nothing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.diagnostics import ExitCode, RefusedError

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.kinds.az_ml.assemble import Home, Imported

SUMMARY = "Write a spec out of az ml files, and name what it could not take. Needs no network."
EXAMPLES = (
    "reconcile import endpoint.yml blue.yml green.yml > spec.yaml",
    "reconcile import ml/*.yml --subscription ID -g rg-team -w ws-team --output spec.yaml",
    "reconcile import deployment.yml --endpoint chat-ep      # as `az ml ... --endpoint-name`",
)
MADE_BY = "Made by `reconcile import` of az ml files. Check it with `reconcile plan`."


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    own = parser.own
    own.add_argument(
        "files", nargs="+", metavar="FILE", help="YAML files of az ml, or flow.dag.yaml"
    )
    own.add_argument(
        "--output", metavar="FILE", help="write the spec there, not to standard output"
    )
    own.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    own.add_argument("--name", default="imported", help="the name of the spec (default: imported)")
    own.add_argument("--subscription", metavar="ID", help="the id of the subscription")
    own.add_argument("-g", "--resource-group", metavar="NAME", help="the resource group")
    own.add_argument("-w", "--workspace", metavar="NAME", help="the workspace that exists")
    own.add_argument("--location", metavar="REGION", help="the region, such as westeurope")
    own.add_argument("--endpoint", metavar="NAME", help="of deployments that do not name theirs")


def run(session: Session) -> ExitCode:
    """Write the spec; exit 1 where a file or a field could not be taken."""
    from reconciler.kinds.az_ml.assemble import imported

    options = session.options
    folder = Path(options.output).parent if options.output else Path.cwd()
    found = imported(options.files, _home(options), options.name, folder)
    _write(session, found)
    session.warn(found.told, whole=True)
    session.warn(found.left, whole=True)
    _say_how_it_went(session, found)
    return ExitCode.FAILED if found.left else ExitCode.OK


def _home(options: argparse.Namespace) -> Home:
    """Return what the options say of where the files were meant for."""
    from reconciler.kinds.az_ml.assemble import Home

    given = {
        "subscription_id": options.subscription,
        "resource_group": options.resource_group,
        "workspace": options.workspace,
        "location": options.location,
        "endpoint": options.endpoint,
    }
    return Home(**{name: value for name, value in given.items() if value})


def _write(session: Session, found: Imported) -> None:
    from reconciler.render.spec_yaml import spec_yaml

    text = spec_yaml(found.spec, MADE_BY)
    if not session.options.output:
        session.out.raw(text)
        return
    file = Path(session.options.output)
    if file.exists() and not session.options.overwrite:
        raise RefusedError.because(
            f"{file} exists", hint="name another file, or pass --overwrite to replace it"
        )
    from reconciler.operations.output_file import write_whole

    write_whole(file, text)


def _say_how_it_went(session: Session, found: Imported) -> None:
    """Say how much was taken, and what to do next."""
    whole = sum(not one.left for one in found.taken)
    total = len(session.options.files)
    session.err.say(f"{whole} of {total} files taken whole.")
    if session.options.output and not found.left:
        session.err.say(f"next: reconcile plan {shlex.quote(session.options.output)}")
