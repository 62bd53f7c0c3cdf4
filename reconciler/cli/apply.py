"""`reconcile apply`: make Azure match the spec."""

from __future__ import annotations

import os
import re
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.options import (
    INPUTS,
    add_adopt,
    add_check,
    add_currency,
    add_output,
    add_parallelism,
    add_policy,
    add_preflight,
    add_selection,
    add_spec,
    add_timeout,
    add_yes,
    inputs_of,
)
from reconciler.diagnostics import ExitCode, UsageError

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.cloud.run_scope import RunScope
    from reconciler.diagnostics import ReconcileError
    from reconciler.operations.load import Loaded
    from reconciler.operations.saved_plan import SavedPlan

FROM_STATUS = "from-status"
ACTIONS = "github-actions[bot]"
"""Whom GitHub names for a workflow's token. No person's login can have brackets."""
SUMMARY = "Make Azure match the spec: show the plan, ask for confirmation, apply it, report."
EXAMPLES = (
    "reconcile apply specs/phi3-ultrachat.yaml --sandbox",
    "reconcile apply spec.yaml --yes               # in a pipeline",
    "reconcile apply plan.json                     # exactly the plan that was saved",
    "reconcile apply spec.yaml --approved plan-3f2a9c1b7d20   # only what was reviewed",
    "reconcile apply spec.yaml --approved from-status         # only what the merge approved",
    "reconcile apply spec.yaml --no-wait           # submit the job, do not wait for it",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser, "the spec, or a plan saved with `reconcile plan --out FILE`")
    add_output(parser, ("text", "json"))
    add_yes(parser)
    parser.own.add_argument(
        "--approved",
        metavar="EFFECT",
        type=effect,
        help="apply without asking if the plan's effect is still this one, as its comment or "
        "JSON named it: `plan-` and 12 digits; `from-status`: as its status named it in the pull "
        "request of the merge GITHUB_SHA",
    )
    parser.own.add_argument(
        "--status-by",
        metavar="LOGIN",
        default=ACTIONS,
        help=f"with `from-status`: who sets the statuses, default {ACTIONS}",
    )
    parser.own.add_argument(
        "--no-wait", action="store_true", help="submit jobs but do not wait for them to finish"
    )
    add_selection(parser)
    add_adopt(parser)
    add_parallelism(parser)
    add_policy(parser)
    add_currency(parser)
    add_check(parser)
    add_preflight(parser)
    add_timeout(parser)


def effect(text: str) -> str:
    """Return the effect of a plan, as a comment or JSON named it."""
    if re.fullmatch(rf"plan-[0-9a-f]{{12}}|{FROM_STATUS}", text):
        return text
    raise ArgumentTypeError(f"{text!r} is not an effect like plan-3f2a9c1b7d20")


def run(session: Session) -> ExitCode:
    """Plan, or take a saved plan that still holds, and carry it out."""
    session.start_sandbox()
    from reconciler.cli.execute_plan import execute_plan
    from reconciler.cli.make_plan import choices_of, make_plan
    from reconciler.cli.policy import policy_of
    from reconciler.operations.approval import refuse_other_effect
    from reconciler.operations.load import load
    from reconciler.operations.saved_plan import Place

    options = session.options
    saved = saved_plan(options.spec)
    if saved:
        _refuse_choices(options)
        saved.refuse_other_cloud(session.cloud().resource_manager)
    choices = saved.choices if saved else choices_of(options)
    loaded = (
        saved.load()
        if saved
        else load(options.spec, adopt=choices.adopt, inputs=inputs_of(options))
    )
    session.warn(loaded.open_warnings)
    policy = policy_of(session, loaded)
    run = session.connect(loaded, read_only=True)
    if saved:
        saved.refuse_elsewhere(Place.of(run))
    approved = _approved(options, loaded, run)
    made = make_plan(session, loaded, run, choices, policy)
    if saved:
        saved.refuse_if_stale(loaded, made)
        options.yes = True
        _tell(options, saved)
    if approved:
        refuse_other_effect(made, approved)
        options.yes = True
    where = made.target.resource_group
    return execute_plan(session, loaded, run, made, f"Apply this to {where}?")


def _approved(options: argparse.Namespace, loaded: Loaded, run: RunScope) -> str:
    """Return the effect that was approved; "" where none is asked for."""
    if options.approved != FROM_STATUS:
        return str(options.approved or "")
    from reconciler.cli.github_step import api, repository_of, token_of
    from reconciler.cloud.github import GitHub
    from reconciler.operations.approved_status import approved_effect

    commit = os.environ.get("GITHUB_SHA", "")
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise UsageError.because(
            "GITHUB_SHA is not a commit", hint="it is set in GitHub Actions: the merge to apply"
        )
    github = GitHub(run, api(), token_of(None), repository_of(None))
    return approved_effect(github, commit, loaded.spec.name, options.status_by)


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the report of a run that was never begun."""
    from reconciler.render.report import error_json

    return error_json(error)


def saved_plan(source: str) -> SavedPlan | None:
    """Return the saved plan of a file; None when the file is a spec."""
    from reconciler.operations.load import is_saved_plan
    from reconciler.operations.saved_plan import load_plan

    path = Path(source)
    is_plan = is_saved_plan(source) or (path.suffix == ".json" and path.is_file())
    return load_plan(path) if is_plan else None


def _refuse_choices(options: Any) -> None:
    """Raise `UsageError` for an option that a saved plan has answered already."""
    for name in ("target", "prune", "adopt", "retry", "allow_outage", "approved", *INPUTS):
        if getattr(options, name):
            flag = INPUTS.get(name) or f"--{name.replace('_', '-')}"
            raise UsageError.because(
                f"{flag} cannot be used with a saved plan",
                hint="a saved plan keeps the options it was made with: pass it to `reconcile plan`",
            )


def _tell(options: Any, saved: SavedPlan) -> None:
    """Put what a saved plan holds where what to type next is read from."""
    options.spec = os.path.relpath(saved.spec)
    options.adopt, options.retry = saved.choices.adopt, saved.choices.retry
    options.target, options.prune = saved.choices.targets, saved.choices.prune
    options.allow_outage = saved.choices.allow_outage
    options.environments = [saved.inputs.environment_name] if saved.inputs.environment_name else []
    options.values = [os.path.relpath(file) for file in saved.inputs.values]
    options.sets = list(saved.inputs.sets)
