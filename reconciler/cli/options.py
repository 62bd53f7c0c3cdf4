"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.diagnostics import UsageError

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.spec.document import Inputs

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
CURRENCIES = (
    "USD", "AUD", "BRL", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP",
    "INR", "JPY", "KRW", "NOK", "NZD", "RUB", "SEK", "TWD",
)  # fmt: skip
"""What Azure's price list knows. Source: learn.microsoft.com, Azure retail prices API."""
POLICY = "RECONCILE_POLICY"
"""The policy of an environment, where no other is passed."""


INPUTS = {"environments": "--environment", "values": "--values", "sets": "--set"}
"""The options that say with what a spec is read, by where they are held."""


def add_spec(parser: Parser, what: str = "the spec: a YAML file, or - for standard input") -> None:
    """Add the SPEC argument."""
    parser.own.add_argument("spec", metavar="SPEC", help=what)
    add_inputs(parser)


def add_inputs(parser: Parser) -> None:
    """Add `--environment`, `--values` and `--set`: what the spec is read with."""
    own = parser.own
    own.add_argument(
        "--environment",
        dest="environments",
        action="append",
        default=[],
        metavar="NAME",
        help="the environment that is meant, of `per_environment` in the spec",
    )
    own.add_argument(
        "--values",
        action="append",
        default=[],
        metavar="FILE",
        help="lay this YAML file over the spec, by key (repeatable)",
    )
    own.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set one field of the spec, such as `compute.gpu.max_instances=2` (repeatable)",
    )


def inputs_of(options: argparse.Namespace) -> Inputs:
    """Return what the spec is read with. Raises `UsageError` for several environments."""
    from reconciler.spec.document import Inputs

    if len(options.environments) > 1:
        raise UsageError.because(
            "one environment at a time", hint="`reconcile plan` takes several, for one table"
        )
    return Inputs("".join(options.environments), tuple(options.values), tuple(options.sets))


def add_parallelism(parser: Parser) -> None:
    """Add `--parallelism`."""
    parser.own.add_argument(
        "--parallelism", type=count, metavar="N", help="work on at most N resources at once"
    )


def add_adopt(parser: Parser) -> None:
    """Add `--adopt` and `--retry`, which both name resources."""
    parser.own.add_argument(
        "--adopt",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="take over this existing resource, which reconcile did not create (repeatable)",
    )
    parser.own.add_argument(
        "--retry",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="run this failed job again with the same inputs (repeatable)",
    )


def add_selection(parser: Parser) -> None:
    """Add `--target`, `--prune` and `--allow-outage`: what a plan covers, and what it may do."""
    parser.own.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="only this resource or section, and what it depends on (repeatable)",
    )
    parser.own.add_argument(
        "--prune",
        action="store_true",
        help="also delete what this spec created and no longer contains",
    )
    parser.own.add_argument(
        "--allow-outage",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="this may take its endpoint out of service for a while, or end jobs that run on it (repeatable)",
    )


def add_policy(parser: Parser) -> None:
    """Add `--policy`."""
    parser.own.add_argument(
        "--policy",
        metavar="FILE",
        default=os.environ.get(POLICY) or None,
        help=f"refuse what breaks this policy, a file outside the spec's repository (or {POLICY})",
    )


def add_currency(parser: Parser) -> None:
    """Add `--currency` and `--no-prices`."""
    parser.own.add_argument(
        "--currency",
        choices=CURRENCIES,
        default=CURRENCIES[0],
        metavar="CODE",
        help=f"tell costs in this currency, default {CURRENCIES[0]}",
    )
    parser.own.add_argument(
        "--no-prices",
        action="store_true",
        help="do not ask Azure's public price list; what Azure ML does not tell is unknown",
    )


def add_check(parser: Parser) -> None:
    """Add `--check`."""
    parser.own.add_argument(
        "--check",
        action="append",
        choices=("policy",),
        default=[],
        help="also ask Azure Policy what it would deny, a question for each write",
    )


def add_preflight(parser: Parser) -> None:
    """Add `--no-preflight`."""
    parser.own.add_argument(
        "--no-preflight",
        action="store_true",
        help="only warn of cores, sizes, locks and permissions that would make it fail",
    )


def add_timeout(parser: Parser) -> None:
    """Add `--timeout`."""
    parser.own.add_argument(
        "--timeout", type=seconds, metavar="TIME", help="stop waiting after this time: 90s, 30m, 6h"
    )


def add_output(parser: Parser, choices: Sequence[str]) -> None:
    """Add `-o` with the formats that a command can write; the first is the default."""
    parser.own.add_argument(
        "-o", "--output", choices=choices, default=choices[0], help="output format"
    )


def count(text: str) -> int:
    """Return a number from 1 to 256."""
    if text.isdecimal() and 1 <= int(text[:4]) <= 256:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 256")


def seconds(text: str) -> float:
    """Return a length of time in seconds: `90s`, `30m`, `6h`, `2d`."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} has no unit: did you mean {text}m (minutes) or {text}s (seconds)?"
        )
    found = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)([smhd])", text)
    if not found or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 90s, 30m or 6h")
    return float(found[1]) * _UNITS[found[2]]


def add_yes(parser: Parser) -> None:
    """Add `--yes`."""
    parser.own.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
