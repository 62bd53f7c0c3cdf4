"""`reconcile sandbox`: run the local Azure emulator, read its journal, empty it, use it by hand."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import sandbox_controls, sandbox_forge, sandbox_git
from reconciler.cli.options import add_output
from reconciler.cli.sandbox_controls import ask, ask_text
from reconciler.cli.sandbox_launch import STATE, Starting, check_installed, is_served
from reconciler.cli.sandbox_verbs import VERBS, help_about
from reconciler.diagnostics import ExitCode, LocalError, UsageError
from reconciler.secrets import remember

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.sandbox.launch import Server

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "help_about", "run"]

SUMMARY = "Run and inspect the local Azure emulator that --sandbox uses."
EXAMPLES = (
    "reconcile sandbox serve --state .reconcile/sandbox   # until Ctrl-C; prints its URL",
    'eval "$(reconcile sandbox env)"                      # for the Azure SDKs in this shell',
    "reconcile sandbox journal                            # every request to Azure",
    "reconcile sandbox summary                            # how many, and what is not served",
    "reconcile sandbox faults add --method PUT --path computes --status 503 --times 2",
    "reconcile sandbox faults clear                       # also: faults list",
    "reconcile sandbox latency 100 50                     # ms on every answer, and jitter",
    "reconcile sandbox feed 240                           # Resource Graph tells changes late",
    "reconcile sandbox clock advance 3600                 # freeze, speed N, auto, instant",
    "reconcile sandbox throttle azure                     # or writes=5,1; off",
    "reconcile sandbox turns one two --seed 7             # two clients in a fixed order; off",
    "reconcile sandbox drift tag ID team=x                # edit, put, delete, cancel",
    "reconcile sandbox quota FAMILY --limit 48 --used 0   # cores, in all regions or in REGION",
    "reconcile sandbox sizes bar SIZE REGION              # also: sizes allow SIZE REGION",
    "reconcile sandbox prices set SIZE REGION 3.673       # US dollars an hour; also: remove",
    "reconcile sandbox lock add ID                        # and ReadOnly; also: lock remove ID",
    "reconcile sandbox secret VAULT NAME < FILE           # into a vault, as somebody else would",
    "reconcile sandbox forge pr open acme/ml by=ann       # on its GitHub; also: token",
    "reconcile sandbox git init acme/ml specs            # a repository; also: commit, tag, behave",
    "reconcile sandbox snapshot FILE                      # and: restore FILE",
    "reconcile sandbox reset                              # an empty Azure again",
    "reconcile sandbox rehearse SPEC --faults killed      # an apply on a bad day",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument("action", choices=tuple(VERBS), metavar="ACTION")
    parser.own.add_argument("words", nargs="*", metavar="WORD", help="arguments of the action")
    parser.own.add_argument(
        "--state", type=Path, default=STATE, metavar="DIR", help="the folder of its state"
    )
    parser.own.add_argument("--port", type=int, default=0, help="serve: the port to listen on")
    parser.own.add_argument(
        "--clock", default="auto", help="serve: how time passes: auto, instant, frozen or speed=N"
    )
    parser.own.add_argument(
        "--forge", action="store_true", help="serve: GitHub and Azure DevOps, too"
    )
    parser.own.add_argument("--git", action="store_true", help="serve: git repositories, too")
    parser.own.add_argument(
        "--since", type=int, default=0, metavar="SEQ", help="journal: only requests after SEQ"
    )
    parser.own.add_argument(
        "--faults",
        action="append",
        default=[],
        metavar="NAME",
        help="rehearse: this set of faults (repeatable, default: all)",
    )
    add_output(parser, ("text", "json"))
    sandbox_controls.add_arguments(parser)


def run(session: Session) -> ExitCode:
    """Do the named action."""
    if session.options.action == "serve":
        return _serve(session)
    if session.options.action == "rehearse":
        from reconciler.cli.rehearse import rehearse

        return rehearse(session)
    if session.options.action in ("env", "clock") and not session.options.sandbox:
        _refuse_unless_serving(session.options.state)
    starting = Starting(session.options.sandbox or "embedded", session.options.state)
    try:
        return _use(session, starting.server())
    finally:
        starting.close()


def _use(session: Session, server: Server) -> ExitCode:
    match session.options.action:
        case "journal":
            _journal(session, server)
        case "summary":
            _summary(session, server)
        case "reset":
            ask_text(server, "POST", "reset")
            session.err.say("the sandbox is empty")
        case "secret":
            _secret(session, server)
        case "forge":
            sandbox_forge.run(session, server)
        case "git":
            sandbox_git.run(session, server)
        case "env":
            session.out.raw(_environment(server, session.options.state))
        case _:
            sandbox_controls.control(session, server)
    return ExitCode.OK


def _journal(session: Session, server: Server) -> None:
    found = ask_text(server, "GET", f"journal?since={session.options.since}")
    if session.options.output == "json":
        session.out.raw(found)
        return
    for line in found.splitlines():
        entry = json.loads(line)
        is_read = entry["method"] in ("GET", "HEAD")
        kept = "read" if is_read else "committed" if entry["committed"] else "no change"
        words = f"{entry['seq']:>5}  {entry['status']}  {kept:<9}  {entry['method']:<6}"
        session.out.say(f"{words} {entry['path']}")


def _summary(session: Session, server: Server) -> None:
    found = ask(server, "GET", "summary")
    if session.options.output == "json":
        session.out.raw(json.dumps(found, indent=2) + "\n")
        return
    statuses = ", ".join(f"{count} {name}" for name, count in sorted(found["by_status"].items()))
    session.out.say(f"{found['requests']} requests, {found['writes']} writes carried out")
    session.out.say(f"answers: {statuses or 'none'}")
    for name, count in sorted(found["not_served"].items()):
        session.out.say(f"not served here, {count}x: {name}")


def _secret(session: Session, server: Server) -> None:
    """Put what comes on standard input, where no shell keeps it, into a vault."""
    hint = "reconcile sandbox secret VAULT NAME < FILE"
    if len(session.options.words) != 2:
        raise UsageError.because("secret takes a vault and a name", hint=hint)
    if sys.stdin.isatty():
        raise UsageError.because("the value comes on standard input", hint=hint)
    vault, name = session.options.words
    value = sys.stdin.read().removesuffix("\n")
    remember(value)
    ask(server, "POST", "secret", {"vault": vault, "name": name, "value": value})
    session.err.say(f"{name} is in the vault {vault}")


def _refuse_unless_serving(state: Path) -> None:
    """Raise `LocalError` when nobody serves the state: a server of ours would end with us."""
    if not is_served(state):
        raise LocalError.because(
            f"no sandbox is running on {state}",
            hint=f"start one in another terminal: reconcile sandbox serve --state {state}",
        )


def _serve(session: Session) -> ExitCode:
    """Become the server: this process is replaced, so that signals reach it."""
    check_installed()
    options = session.options
    words = ["serve", "--state", str(options.state), "--clock", options.clock]
    words += ["--port", str(options.port)] if options.port else []
    words += ["--forge"] if options.forge else []
    words += ["--git"] if options.git else []
    words += ["--json"] if options.output == "json" else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "reconciler.sandbox", *words])
    return ExitCode.OK


def _environment(server: Server, state: Path) -> str:
    """Return shell lines that point the Azure SDKs of this shell at the sandbox."""
    values = {
        "AZURE_TENANT_ID": server.tenant_id,
        "AZURE_CLIENT_ID": server.client_id,
        "AZURE_CLIENT_SECRET": server.client_secret,
        "AZURE_AUTHORITY_HOST": server.url,
        "REQUESTS_CA_BUNDLE": server.ca_file,
        "SSL_CERT_FILE": server.ca_file,
        "HF_ENDPOINT": f"{server.url}/_hf",
        "RECONCILE_SANDBOX_URL": server.url,
        "RECONCILE_SANDBOX_STATE": str(state.absolute()),
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
