"""`reconcile loop`: keep many specs as their source says, for as long as it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import add_output
from reconciler.diagnostics import ExitCode, LocalError

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import ReconcileError
    from reconciler.gitops.config import LoopConfig
    from reconciler.gitops.lease import Leases
    from reconciler.gitops.pass_ import World

SUMMARY = "Keep many specs as git says: look, plan, apply what may be applied, report."
EXAMPLES = (
    "reconcile loop loop.yaml --check                # validate the configuration",
    "reconcile loop loop.yaml --once --sandbox       # one pass of each spec",
    "reconcile loop loop.yaml --once --spec chat -o json",
    "reconcile loop loop.yaml                        # until it is stopped",
)
NEEDED = (
    "aiohttp",
    "cronsim",
    "dulwich",
    "jwt",
    "paramiko",
    "prometheus_client",
    "pysequoia",
    "sshsig",
)
"""Packages of the extra `loop` in pyproject.toml."""


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument(
        "config", metavar="CONFIG", help="the configuration, a YAML file outside of the source"
    )
    parser.own.add_argument("--once", action="store_true", help="look at each spec once, and leave")
    parser.own.add_argument(
        "--check", action="store_true", help="only check the configuration; needs no network"
    )
    parser.own.add_argument(
        "--spec",
        action="append",
        default=[],
        metavar="NAME",
        help="only this spec (repeatable)",
    )
    add_output(parser, ("text", "json"))


def run(session: Session) -> ExitCode:
    """Check the configuration, or look at each spec."""
    check_installed()
    from reconciler.gitops.config import load_config
    from reconciler.render.words import things

    config = load_config(session.options.config)
    if session.options.check:
        count = things(len(config.specs), "spec")
        session.out.say(f"{session.options.config} is valid: {count}.")
        return ExitCode.OK
    session.start_sandbox()
    return _once(session, config) if session.options.once else _keep(session, config)


def check_installed() -> None:
    """Raise `LocalError` unless the packages of the loop are installed."""
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise LocalError.because(
            f"the loop is not installed: {', '.join(missing)} missing",
            hint="pip install 'reconcile-azureml[loop]'",
        )


def _once(session: Session, config: LoopConfig) -> ExitCode:
    import gc

    from reconciler.gitops.lease import Leases
    from reconciler.gitops.once import once
    from reconciler.gitops.pass_text import exit_code, pass_json, pass_lines
    from reconciler.gitops.telling import Telling
    from reconciler.render.diagnostics_text import problems

    gc.enable()
    ends = []
    leases = Leases(session.azure(), config.lease)
    world = _world(session, config, leases)
    try:
        with Telling.of_one_pass(config, session.azure(), session.err.say) as telling:
            for end in once(config, world, session.options.spec):
                ends.append(end)
                telling.reporter.passed(end)
                if session.options.output == "json":
                    session.out.raw(pass_json(end))
                    continue
                for line in pass_lines(end):
                    session.out.say(line)
                session.err.write(problems(end.problems))
    finally:
        leases.release()
        world.source.close()
    return exit_code(ends)


def _keep(session: Session, config: LoopConfig) -> ExitCode:
    """Keep the specs until a signal; leave with 0 after SIGTERM, as a container should."""
    import gc

    from reconciler.gitops.keeping import keep
    from reconciler.gitops.lease import Leases

    gc.enable()
    leases = Leases(session.azure(), config.lease)
    world = _world(session, config, leases)
    try:
        return keep(config, world, session.signals.instead, only=session.options.spec)
    finally:
        leases.release()
        world.source.close()


def _world(session: Session, config: LoopConfig, leases: Leases) -> World:
    """Return what all passes share."""
    from datetime import UTC, datetime

    from reconciler.cli.request_log import silence_libraries
    from reconciler.gitops.feed import ResourceGraph
    from reconciler.gitops.feed_watch import FeedWatch
    from reconciler.gitops.once import source_of
    from reconciler.gitops.pass_ import World
    from reconciler.operations.plan.policy import load_policy

    silence_libraries()
    policy = load_policy(config.policy) if config.policy else None
    source = source_of(config, session.azure())
    feed = None if session.options.once else FeedWatch(ResourceGraph(session.azure()))
    return World(session.azure(), source, lambda: datetime.now(UTC), policy, leases.of, feed=feed)


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a run that came to nothing."""
    from reconciler.render.report import error_json

    return error_json(error)
