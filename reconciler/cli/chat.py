"""`reconcile chat`: ask the deployed model, the way the prompt flow goes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from reconciler.cli.options import add_spec, add_timeout, inputs_of
from reconciler.diagnostics import ExitCode, UsageError
from reconciler.limits import ANSWER_TOKENS, QUESTION_CHARACTERS

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.engine.types import Address, Observed

SUMMARY = "Ask the deployed model a question, through the prompt flow's connection and endpoint."
EXAMPLES = (
    'reconcile chat specs/phi3-ultrachat.yaml --sandbox "How do I keep basil alive?"',
    'reconcile chat spec.yaml "Summarise this" --temperature 0 --max-tokens 100',
    "cat question.txt | reconcile chat spec.yaml -",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    parser.own.add_argument(
        "question", metavar="QUESTION", help="the question, or - for standard input"
    )
    parser.own.add_argument(
        "--temperature", type=_temperature, default=0.7, metavar="T", help="0 to 2, default 0.7"
    )
    parser.own.add_argument(
        "--max-tokens",
        type=_tokens,
        default=256,
        metavar="N",
        help="length limit of the answer, default 256",
    )
    parser.own.add_argument("--system", metavar="TEXT", help="a system message before the question")
    parser.own.add_argument(
        "--flow", default="", metavar="NAME", help="the flow to use, if there are several"
    )
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Ask; the answer alone goes to standard output."""
    options = session.options
    question = _question(options)
    session.start_sandbox()
    from reconciler.chat import ask
    from reconciler.kinds.base import Reads
    from reconciler.operations.load import load
    from reconciler.operations.progress import NullProgress
    from reconciler.operations.refresh import context_of, observe_fresh
    from reconciler.render.terminal import clean_lines
    from reconciler.render.words import duration

    loaded = load(options.spec, inputs=inputs_of(options))
    # Reading the connection's key is a POST in ARM.
    run = session.connect(loaded, read_only=False)

    def others(address: Address) -> Observed | None:
        resource = loaded.resources.get(address)
        return observe_fresh(context, resource) if resource else None

    context = context_of(loaded, run, Reads(run), others, NullProgress())
    answer = ask(
        context,
        loaded.resources,
        question,
        flow=options.flow,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        history=[{"role": "system", "content": options.system}] if options.system else [],
    )
    session.out.raw(clean_lines(answer.text))
    if not options.quiet:
        way = f"{answer.flow} > {answer.connection} > {answer.endpoint}"
        session.err.say(f"({way}, {duration(answer.elapsed_s)})")
    return ExitCode.OK


def _question(options: argparse.Namespace) -> str:
    text: str = options.question
    if text == "-":
        if options.spec == "-":
            raise UsageError.because("spec and question cannot both come from standard input")
        text = sys.stdin.read(QUESTION_CHARACTERS + 1)
    if not text.strip():
        raise UsageError.because("the question is empty")
    if len(text) > QUESTION_CHARACTERS:
        raise UsageError.because(f"the question is longer than {QUESTION_CHARACTERS} characters")
    return text


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 2.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 2")
    return value


def _tokens(text: str) -> int:
    if text.isdecimal() and 1 <= int(text[:7]) <= ANSWER_TOKENS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {ANSWER_TOKENS}")
