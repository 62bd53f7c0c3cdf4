"""`reconcile comment`: keep one comment on a pull request, from plans that another job made."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.github_step import SEE, api, read_small, repository_of, token_of
from reconciler.cli.hosts import HOSTS
from reconciler.cli.options import add_timeout
from reconciler.diagnostics import ExitCode, LocalError, Severity, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.cloud.run_scope import RunScope
    from reconciler.operations.publish_comment import Published, ToPublish
    from reconciler.render.plan_document import PlanDocument

SUMMARY = "Keep one comment and the statuses of a pull request, from plans. Needs no Azure."
EXAMPLES = (
    "reconcile comment plan.json --to github         # in GitHub Actions, with GITHUB_TOKEN",
    "reconcile comment plans/*.json --to github      # one comment for several specs",
    "reconcile comment plan.json --to azure-devops   # with SYSTEM_ACCESSTOKEN",
    "reconcile comment plan.json --to github --repository acme/ml --pull-request 7 --head 1a2b3c4d",
)
MOST_OF_EVENT = 1 << 22
MOST_PLANS = 300


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    own = parser.own
    own.add_argument(
        "plans", metavar="PLAN", nargs="+", help="what `reconcile plan -o json` printed"
    )
    own.add_argument("--to", choices=tuple(HOSTS), required=True, help="where the pull request is")
    own.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        help="on Azure DevOps PROJECT/NAME; default: that of the build",
    )
    own.add_argument("--pull-request", type=_number, metavar="N", help="default: that of the build")
    own.add_argument(
        "--head", metavar="SHA", help="the commit that was planned; default: that of the build"
    )
    own.add_argument(
        "--token-file",
        metavar="FILE",
        help="read the token from a file, not from GITHUB_TOKEN or SYSTEM_ACCESSTOKEN",
    )
    own.add_argument(
        "--require-comment",
        action="store_true",
        help="fail where the comment is not taken; else it goes into the summary of the run",
    )
    add_timeout(parser)


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < len(text) < 10:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not the number of a pull request")


def run(session: Session) -> ExitCode:
    """Read the plans, make the comment, publish it."""
    from reconciler.render.plan_document import read_plan_document
    from reconciler.render.terminal import line

    options = session.options
    if options.sandbox:
        raise UsageError.because("comment asks no Azure", hint="leave out --sandbox")
    files = [Path(name) for name in options.plans]
    if len(files) > MOST_PLANS:
        raise UsageError.because(f"more than {MOST_PLANS} plans", hint="comment on fewer at once")
    plans = [read_plan_document(file) for file in files]
    place = TARGETS[options.to](options)
    wanted = _wanted(plans, place.number, place.head)
    done = place.publish(session.run_on("", read_only=False), wanted)
    told = f"Pull request {place.number} of {place.repository}: {done.outcome}."
    session.out.write([line(told)])
    return _ended(session, wanted, done)


@dataclass(frozen=True)
class Target:
    """A pull request of a host, the commit that was planned, and what writes to it."""

    repository: str
    number: int
    head: str
    publish: Callable[[RunScope, ToPublish], Published]


def _on_github(options: argparse.Namespace) -> Target:
    """Raises `UsageError` for what is not given."""
    from reconciler.cloud.github import GitHub
    from reconciler.operations.publish_comment import publish

    token, repository = token_of(options.token_file), repository_of(options.repository)
    number, head = _pull_request(options)
    place = api()

    def published(run: RunScope, wanted: ToPublish) -> Published:
        return publish(GitHub(run, place, token, repository), wanted)

    return Target(repository, number, head, published)


def _on_azure_devops(options: argparse.Namespace) -> Target:
    """Raises `UsageError` for what is not given."""
    from reconciler.cli import azure_devops_step as step
    from reconciler.cloud.azure_devops import AzureDevOps
    from reconciler.operations.publish_thread import publish_thread

    token, place = step.token_of(options.token_file), step.organisation()
    project, name = step.repository_of(options.repository)
    number, head = step.pull_request_of(options.pull_request, options.head)

    def published(run: RunScope, wanted: ToPublish) -> Published:
        return publish_thread(AzureDevOps(run, place, token, project, name), wanted)

    return Target(f"{project}/{name}", number, head, published)


TARGETS = {"github": _on_github, "azure-devops": _on_azure_devops}


def _wanted(plans: Sequence[PlanDocument], number: int, head: str) -> ToPublish:
    from reconciler.operations.publish_comment import Status, ToPublish
    from reconciler.render.plan_comment import plan_comment, status_text, total_text

    each = [
        Status(f"reconcile/{plan.spec}", not plan.is_errored, status_text(plan))
        for plan in plans
        if plan.spec
    ]
    is_good = not any(plan.is_errored for plan in plans)
    total = Status("reconcile", is_good, total_text(plans))
    is_news = not all(plan.is_unchanged for plan in plans)
    is_grave = not is_good or any(plan.dangers for plan in plans)
    return ToPublish(number, head, plan_comment(plans, head), is_news, (*each, total), is_grave)


def _ended(session: Session, wanted: ToPublish, done: Published) -> ExitCode:
    """Tell what was not written; a comment that was not goes into the summary of the step."""
    from dataclasses import replace

    if not done.refused:
        return ExitCode.OK
    is_failed = session.options.require_comment and not done.is_commented
    level = Severity.ERROR if is_failed else Severity.WARNING
    session.warn([replace(one, severity=level) for one in done.refused], whole=True)
    if not done.is_commented:
        HOSTS[session.options.to].keep(session, "", wanted.body, {})
    return ExitCode.DENIED if is_failed else ExitCode.OK


def _pull_request(options: argparse.Namespace) -> tuple[int, str]:
    """Return number and newest commit, of the options or of the event that started the run."""
    import re

    event = {} if options.pull_request and options.head else _event()
    number = options.pull_request or event.get("number")
    head = options.head or event.get("head", {}).get("sha")
    if not isinstance(number, int) or not re.fullmatch(r"[0-9a-f]{40}", str(head)):
        raise UsageError.because("no pull request with a commit of 40 digits is given", hint=SEE)
    return number, str(head)


def _event() -> dict[str, Any]:
    """Return the pull request of the event; {} where there is none."""
    from reconciler.bounded_json import loads

    name = os.environ.get("GITHUB_EVENT_PATH")
    if not name:
        return {}
    try:
        found = loads(read_small(Path(name), MOST_OF_EVENT))
    except ValueError as error:
        raise LocalError.because(f"{name} is not the JSON of an event") from error
    pull = found.get("pull_request") if isinstance(found, dict) else None
    if isinstance(pull, dict) and isinstance(pull.get("head"), dict):
        return pull
    return {}
