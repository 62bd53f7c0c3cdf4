"""`reconcile sandbox`: run the local Azure emulator, read its journal, empty it, use it by hand."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.embedded import STATE, Starting
from reconciler.diagnostics import ExitCode, LocalError, UnavailableError

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.sandbox.launch import Server

SUMMARY = "Run and inspect the local Azure emulator that --sandbox uses."
EXAMPLES = (
    "reconcile sandbox serve --state .reconcile/sandbox   # until Ctrl-C; prints its URL",
    "reconcile sandbox journal                            # every request to Azure, JSON lines",
    "reconcile sandbox reset                              # an empty Azure again",
    'eval "$(reconcile sandbox env)"                      # for the Azure SDKs in this shell',
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument(
        "action", choices=("serve", "journal", "reset", "env"), metavar="ACTION"
    )
    parser.own.add_argument("--state", type=Path, default=STATE, metavar="DIR", help="its state")
    parser.own.add_argument("--port", type=int, default=0, help="serve: listen here")
    parser.own.add_argument(
        "--clock", default="auto", help="serve: auto, instant, frozen or speed=N"
    )
    parser.own.add_argument(
        "--since", type=int, default=0, metavar="SEQ", help="journal: after SEQ"
    )


def run(session: Session) -> ExitCode:
    """Do the named action."""
    if session.options.action == "serve":
        return _serve(session)
    if session.options.action == "env" and not session.options.sandbox:
        _refuse_unless_serving(session.options.state)
    starting = Starting(session.options.sandbox or "embedded", session.options.state)
    try:
        return _use(session, starting.server())
    finally:
        starting.close()


def _use(session: Session, server: Server) -> ExitCode:
    match session.options.action:
        case "journal":
            found = _ask(server, "GET", f"journal?since={session.options.since}")
            session.out.raw(found)
        case "reset":
            _ask(server, "POST", "reset")
            session.err.say("the sandbox is empty")
        case "env":
            session.out.raw(_environment(server, session.options.state))
    return ExitCode.OK


def _refuse_unless_serving(state: Path) -> None:
    """Raise `LocalError` when nobody serves the state: a server of ours would end with us."""
    import json
    import socket

    try:
        port = json.loads((state / "server.json").read_text(encoding="utf-8"))["port"]
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except (OSError, ValueError, KeyError) as error:
        raise LocalError.because(
            f"no sandbox is running on {state}",
            hint=f"start one in another terminal: reconcile sandbox serve --state {state}",
        ) from error


def _serve(session: Session) -> ExitCode:
    """Become the server: this process is replaced, so that signals reach it."""
    options = session.options
    words = ["serve", "--state", str(options.state), "--clock", options.clock]
    words += ["--port", str(options.port)] if options.port else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "reconciler.sandbox", *words])
    return ExitCode.OK


def _ask(server: Server, method: str, path: str) -> str:
    """Return what the sandbox's control plane answers."""
    import ssl
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    request = Request(
        f"{server.url}/_sandbox/{path}",
        method=method,
        headers={"x-sandbox-token": server.control_token},
    )
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
        with urlopen(request, context=context, timeout=30) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        text = error.read().decode(errors="replace")
        raise LocalError.because(f"the sandbox refused: {text}") from error
    except URLError as error:
        raise UnavailableError.because(f"no answer from {server.url}: {error.reason}") from error


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
