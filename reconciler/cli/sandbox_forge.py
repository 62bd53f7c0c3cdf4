"""`reconcile sandbox forge`: what people do on the sandbox's GitHub and Azure DevOps."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from reconciler.cli.sandbox_controls import ask
from reconciler.diagnostics import UsageError
from reconciler.secrets import remember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.session import Session
    from reconciler.sandbox.launch import Server

Json = dict[str, Any]
OPENED = ("head", "base", "sha", "title", "body", "by", "fork")
PULL_VERBS = ("push", "merge", "close", "reopen", "lock")


def run(session: Session, server: Server) -> None:
    """Do what the words say, and print what came of it."""
    body = body_of(list(session.options.words))
    found = ask(server, "POST", "forge", body)
    if body["op"] == "token":
        # What was asked for is a token: `session.out` would hide it.
        sys.stdout.write(found["token"] + "\n")
    elif body["op"] == "app":
        sys.stdout.write(found["key"])
        session.err.say(f"app_id: {found['app_id']}, installation_id: {found['installation_id']}")
    elif session.options.output == "json":
        session.out.raw(json.dumps(found, indent=2) + "\n")
    else:
        session.out.say(_said(body, found))


def body_of(words: list[str]) -> Json:
    """Return the control's body that the words mean. Raises `UsageError`."""
    match words:
        case ["token", login, *pairs]:
            return {"op": "token", "login": login, **_rights(pairs)}
        case ["app", name, *pairs]:
            return {"op": "app", "login": name, **_rights(pairs)}
        case ["expire"]:
            return {"op": "expire", "token": _token_from_input()}
        case ["commit", repo, *rest] if len(rest) < 3:
            return {
                "op": "commit",
                "repo": repo,
                **dict(zip(("sha", "branch"), rest, strict=False)),
            }
        case ["pr", "open", repo, *pairs]:
            return {"op": "open", "repo": repo, **_pairs(pairs, OPENED)}
        case ["pr", verb, repo, number, *rest] if verb in PULL_VERBS and len(rest) < 2:
            named = {"push": "sha", "merge": "method"}.get(verb)
            if named is not None or not rest:
                given = {named: rest[0]} if named and rest else {}
                return {"op": verb, "repo": repo, "number": number, **given}
        case ["comment-as", login, repo, number, *text] if text:
            said = {"by": login, "repo": repo, "number": number, "body": " ".join(text)}
            return {"op": "comment", **said}
    raise UsageError.because(
        f"`reconcile sandbox {' '.join(['forge', *words])}` is not complete or not known",
        hint="see `reconcile sandbox forge --help` for examples",
    )


def _rights(words: Sequence[str]) -> Json:
    """Return permissions and repositories of a token: `statuses=write`, `repo=acme/ml`."""
    split = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    permissions = {name: value for name, value in split if name != "repo"}
    repositories = [value for name, value in split if name == "repo"]
    found = {"permissions": permissions, "repositories": repositories}
    return {name: value for name, value in found.items() if value}


def _pairs(words: Sequence[str], names: Sequence[str]) -> Json:
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in names:
            wanted = ", ".join(f"{one}=..." for one in names)
            raise UsageError.because(f"{word!r} is not one of {wanted}")
        found[name] = value
    return found


def _token_from_input() -> str:
    if sys.stdin.isatty():
        hint = "reconcile sandbox forge expire < FILE"
        raise UsageError.because("the token comes on standard input", hint=hint)
    token = sys.stdin.read().strip()
    remember(token)
    return token


def _said(body: Json, found: Json) -> str:
    match body["op"]:
        case "commit":
            return f"{body['repo']} is at {found['sha']}"
        case "expire":
            return "the token has expired"
        case "comment":
            return f"{body['by']} has commented on {body['repo']} {body['number']}"
    state = "merged" if found["merged"] else found["state"]
    return f"{found['repo']} {found['number']}: {state} at {found['pushes'][-1]}"
