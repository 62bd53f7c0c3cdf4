"""One plan for `plan` and `apply`: the same choices lead to the same plan, checked the same way."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable

from reconciler.cli.policy import held
from reconciler.cli.session import Session, parallelism
from reconciler.cloud.run_scope import RunScope
from reconciler.engine.policy import NO_POLICY
from reconciler.engine.types import Address
from reconciler.operations.load import Loaded
from reconciler.operations.plan.base import Base, load_base
from reconciler.operations.plan.build import Plan, PlanOptions, plan
from reconciler.operations.plan.lenient import lenient
from reconciler.operations.plan.policy import PolicyFile
from reconciler.operations.refresh import PARALLELISM
from reconciler.operations.saved_plan import Choices


def choices_of(options: Namespace) -> Choices:
    """Return what the user allows on the command line."""
    return Choices(
        tuple(options.adopt),
        tuple(options.retry),
        tuple(options.target),
        options.prune,
        tuple(options.allow_outage),
    )


def make_plan(
    session: Session,
    loaded: Loaded,
    run: RunScope,
    choices: Choices,
    policy: PolicyFile | None,
) -> Plan:
    """Return the plan that the choices lead to, under `--no-preflight` and the policy."""
    options = session.options
    asked = PlanOptions(
        targets=choices.targets,
        retry=choices.retry,
        prune=choices.prune,
        allow_outage=choices.allow_outage,
        currency=options.currency,
        ask_prices=not options.no_prices,
        check_policy="policy" in options.check,
        alternatives=getattr(options, "alternatives", False),
        policy=policy.policy if policy else NO_POLICY,
        base=base_of(loaded, getattr(options, "base", None), choices.adopt),
        parallelism=parallelism(options).get("parallelism", PARALLELISM),
    )
    made = plan(loaded, run, asked)
    made = lenient(made) if options.no_preflight else made
    return held(policy, loaded, run, made)


def base_of(loaded: Loaded, source: str | None, adopt: Iterable[Address]) -> Base | None:
    """Return what `--base` names; None where it was not given."""
    return load_base(source, loaded, adopt) if source else None
