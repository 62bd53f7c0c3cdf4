"""The help of `reconcile sandbox ACTION`: what one action takes, and examples of it."""

from __future__ import annotations

from argparse import SUPPRESS
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from reconciler.cli.arguments import Parser, split_command

FAULT = (
    "--method", "--path", "--caller", "--nth", "--times", "--probability", "--seed", "--when",
    "--status", "--header", "--body", "--drop", "--truncate", "--hang", "--delay", "--stale",
    "--every", "--pages", "--omit", "--repeat", "--next-link", "--operation", "--kill", "--signal",
)  # fmt: skip
WANTED = frozenset({"-h", "--help"})
FIRST_EXAMPLES = 4


@dataclass(frozen=True)
class Verb:
    """What an action does, the words and options that it takes, and examples."""

    summary: str
    words: str
    options: Sequence[str]
    examples: Sequence[str]
    has_state: bool = True
    """Whether it is of one sandbox, whose state has a folder."""


VERBS = {
    "serve": Verb(
        "Serve a sandbox until Ctrl-C, and print its URL; JSON into a pipe or with -o json.",
        "",
        ("--port", "--clock", "--forge", "--git", "--output"),
        ("reconcile sandbox serve", "reconcile sandbox serve --port 8443 --clock instant"),
    ),
    "env": Verb(
        "Print shell lines that point the Azure SDKs and az at a served sandbox.",
        "",
        (),
        ('eval "$(reconcile sandbox env)"',),
    ),
    "journal": Verb(
        "Print every request that it was sent, and whether it was carried out.",
        "",
        ("--since", "--output"),
        ("reconcile sandbox journal", "reconcile sandbox journal --since 100 -o json"),
    ),
    "summary": Verb(
        "Print how many requests there were, and which are not served.",
        "",
        ("--output",),
        ("reconcile sandbox summary",),
    ),
    "faults": Verb(
        "Let requests fail: `add` one more fault, `list` them, `clear` them.",
        "add|list|clear",
        (*FAULT, "--output"),
        (
            "reconcile sandbox faults add --method PUT --path computes --status 503 --times 2",
            "reconcile sandbox faults add --method PUT --nth 3 --when after --drop",
            "reconcile sandbox faults list",
            "reconcile sandbox faults clear",
        ),
    ),
    "latency": Verb(
        "Let every answer take MS milliseconds, and up to JITTER more; 0 ends it.",
        "MS [JITTER]",
        (),
        ("reconcile sandbox latency 100 50", "reconcile sandbox latency 0"),
    ),
    "feed": Verb(
        "Let Resource Graph tell changes SECONDS late, as Azure does by up to five minutes.",
        "SECONDS",
        (),
        ("reconcile sandbox feed 240", "reconcile sandbox feed 0"),
    ),
    "clock": Verb(
        "Print the virtual time of a served sandbox, or change how it passes.",
        "[freeze|auto|instant|advance SECONDS|speed FACTOR]",
        (),
        ("reconcile sandbox clock advance 3600", "reconcile sandbox clock freeze"),
    ),
    "throttle": Verb(
        "Throttle as Azure does, or BUCKET=SIZE,RATE: so many at once, and more a second.",
        "azure|off|BUCKET=SIZE,RATE...",
        (),
        ("reconcile sandbox throttle azure", "reconcile sandbox throttle writes=5,1"),
    ),
    "turns": Verb(
        "Let named clients take turns in a fixed order, until `off`.",
        "[CALLER...|leave CALLER|off]",
        ("--seed",),
        ("reconcile sandbox turns one two --seed 7", "reconcile sandbox turns off"),
    ),
    "drift": Verb(
        "Change a resource as somebody else would.",
        "edit|put|tag|delete|cancel ID [JSON|NAME=VALUE...]",
        (),
        ("reconcile sandbox drift tag ID team=x", "reconcile sandbox drift delete ID"),
    ),
    "quota": Verb(
        "Set the cores of a family, in all regions or in REGION.",
        "FAMILY [REGION]",
        ("--limit", "--used", "--workspace"),
        ("reconcile sandbox quota standardNCADSA100v4Family --limit 48 --used 0",),
    ),
    "sizes": Verb(
        "Bar a VM size for the subscription, everywhere or in REGION, or allow it again.",
        "bar|allow SIZE [REGION]",
        (),
        ("reconcile sandbox sizes bar Standard_NC24ads_A100_v4 westeurope",),
    ),
    "prices": Verb(
        "Set the price of an hour of a VM size in US dollars, or remove it from the list.",
        "set SIZE REGION PRICE | remove SIZE REGION",
        (),
        ("reconcile sandbox prices set Standard_NC24ads_A100_v4 westeurope 3.673",),
    ),
    "lock": Verb(
        "Lock a resource or group (CanNotDelete, or ReadOnly), or remove the lock.",
        "add ID [LEVEL] | remove ID",
        (),
        ("reconcile sandbox lock add ID ReadOnly", "reconcile sandbox lock remove ID"),
    ),
    "secret": Verb(
        "Put what comes on standard input into a key vault, as somebody else would.",
        "VAULT NAME",
        (),
        ("reconcile sandbox secret VAULT NAME < FILE",),
    ),
    "forge": Verb(
        "Use the GitHub and Azure DevOps of `serve --forge`: tokens, commits, pull requests.",
        "token|app|expire|commit|pr|comment-as ...",
        ("--output",),
        (
            "reconcile sandbox forge token actions pull-requests=write statuses=write",
            "reconcile sandbox forge app acme-bot contents=read repo=acme/ml > app.pem",
            "reconcile sandbox forge commit acme/ml",
            "reconcile sandbox forge pr open acme/ml head=bigger by=ann",
            "reconcile sandbox forge pr push acme/ml 1",
            "reconcile sandbox forge pr merge acme/ml 1 squash",
            "reconcile sandbox forge pr close acme/ml 1",
            "reconcile sandbox forge comment-as ann acme/ml 1 'Why so big?'",
        ),
    ),
    "git": Verb(
        "Use the git repositories of `serve --git`, at URL/_git/OWNER/NAME.git.",
        "init|commit|tag|force-push|delete-ref|refs|signer|behave ...",
        ("--output",),
        (
            "reconcile sandbox git init acme/ml FOLDER         # and: private",
            "reconcile sandbox git commit acme/ml specs/a.yaml by=ann sign=ann",
            "reconcile sandbox git tag acme/ml v1.0.0 sign=ann",
            "reconcile sandbox git force-push acme/ml refs/heads/main COMMIT",
            "reconcile sandbox git delete-ref acme/ml refs/heads/main",
            "reconcile sandbox git refs acme/ml",
            "reconcile sandbox git signer ann                  # or: signer ann openpgp",
            "reconcile sandbox git behave acme/ml slow         # huge, unavailable, normal, ...",
        ),
    ),
    "snapshot": Verb(
        "Save all that there is to a file; `restore` reads it.",
        "FILE",
        (),
        ("reconcile sandbox snapshot before.json",),
    ),
    "restore": Verb(
        "Become what `snapshot` saved.",
        "FILE",
        (),
        ("reconcile sandbox restore before.json",),
    ),
    "reset": Verb(
        "Become an empty Azure again.",
        "",
        (),
        ("reconcile sandbox reset",),
    ),
    "rehearse": Verb(
        "Apply a spec in a sandbox of its own, on bad days, and say what came of each.",
        "SPEC",
        ("--faults", "--seed", "--output"),
        ("reconcile sandbox rehearse spec.yaml --faults killed",),
        has_state=False,
    ),
}  # fmt: skip


def help_about(parser: Parser, words: Sequence[str]) -> str:
    """Return the help of the action that the words name, or of all; "" where none is wanted."""
    if not WANTED.intersection(words):
        return ""
    name = split_command(words)[0]
    return _of_one(parser, name) if name in VERBS else _of_all(parser)


def _of_one(parser: Parser, name: str) -> str:
    verb = VERBS[name]
    made = Parser(f"sandbox {name}", verb.summary, verb.examples)
    if verb.words:
        made.own.add_argument("words", metavar=verb.words, help=SUPPRESS)
    for option in (*verb.options, *(["--state"] if verb.has_state else [])):
        found = parser.option(option)
        if found is not None:
            made.own._add_action(found)  # noqa: SLF001 - argparse's own way is to copy all
    return made.format_help()


def _of_all(parser: Parser) -> str:
    examples = "\n".join(f"  {example}" for example in islice(parser.examples, FIRST_EXAMPLES))
    actions = "\n".join(f"  {name:<10}{verb.summary}" for name, verb in VERBS.items())
    return (
        f"{parser.summary}\n\nExamples:\n{examples}\n\n"
        f"Usage: {parser.prog} ACTION [options]\n\nActions:\n{actions}\n\n"
        f"`{parser.prog} ACTION --help` shows examples and options of one action.\n"
    )
