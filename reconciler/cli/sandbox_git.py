"""`reconcile sandbox git`: what people do in the repositories of the sandbox's git server."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.sandbox_controls import ask
from reconciler.diagnostics import LocalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.cli.session import Session
    from reconciler.sandbox.launch import Server

Json = dict[str, Any]
COMMIT = ("branch", "by", "message", "sign", "parent", "delete")
TAG = ("by", "sign", "sha")


def run(session: Session, server: Server) -> None:
    """Do what the words say, and print what came of it."""
    bodies = bodies_of(list(session.options.words))
    found = [ask(server, "POST", "git", body) for body in bodies]
    if session.options.output == "json":
        session.out.raw(json.dumps(found[-1], indent=2) + "\n")
    else:
        session.out.say(_said(server, bodies[-1], found[-1]))


def bodies_of(words: list[str]) -> list[Json]:
    """Return the bodies of the control that the words mean, in order. Raises `UsageError`."""
    match words:
        case ["init", repo, *rest] if len(rest) < 3:
            return _init(repo, rest)
        case ["commit", repo, *rest] if rest:
            return [_commit(repo, rest)]
        case ["tag", repo, name, *pairs]:
            return [{"op": "tag", "repo": repo, "name": name, **_pairs(pairs, TAG)}]
        case ["force-push", repo, ref, sha]:
            return [{"op": "set-ref", "repo": repo, "ref": ref, "sha": sha}]
        case ["delete-ref", repo, ref]:
            return [{"op": "delete-ref", "repo": repo, "ref": ref}]
        case ["refs", repo]:
            return [{"op": "refs", "repo": repo}]
        case ["signer", name, *kind] if len(kind) < 2:
            return [{"op": "signer", "name": name, **({"kind": kind[0]} if kind else {})}]
        case ["behave", repo, behavior]:
            return [{"op": "behave", "repo": repo, "behavior": behavior}]
    raise UsageError.because(
        f"`reconcile sandbox {' '.join(['git', *words])}` is not complete or not known",
        hint="see `reconcile sandbox git --help` for examples",
    )


def _init(repo: str, words: list[str]) -> list[Json]:
    """A repository, and a first commit of the folder's files where one is named."""
    folders = [Path(word) for word in words if word != "private"]
    made = {"op": "init", "repo": repo, "private": "private" in words}
    commits = [
        {"op": "commit", "repo": repo, "message": "Add files", "files": _below(folder)}
        for folder in folders
    ]
    return [made, *commits]


def _commit(repo: str, words: list[str]) -> Json:
    """Files as they are here, `delete=PATH`, and who commits them."""
    paths = [word for word in words if "=" not in word]
    pairs = [word for word in words if "=" in word]
    files = _contents((_inside(path), Path(path)) for path in paths)
    deleted = [pair for pair in pairs if pair.startswith("delete=")]
    files |= {pair.removeprefix("delete="): None for pair in deleted}
    given = _pairs([pair for pair in pairs if pair not in deleted], COMMIT)
    return {"op": "commit", "repo": repo, "files": files, **given}


def _inside(path: str) -> str:
    """Return what a file of this folder is called in the repository."""
    if path.startswith("/") or ".." in Path(path).parts:
        hint = "go to the folder that holds it, and name it from there"
        raise UsageError.because(f"{path!r} is not below this folder", hint=hint)
    return str(Path(path))


def _below(folder: Path) -> dict[str, str | None]:
    found = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    if not found:
        raise LocalError.because(f"{folder} holds no files", hint="name a folder of specs")
    named = ((file.relative_to(folder), file) for file in found)
    return _contents((str(path), file) for path, file in named if ".git" not in path.parts)


def _contents(files: Iterable[tuple[str, Path]]) -> dict[str, str | None]:
    try:
        return {name: base64.b64encode(file.read_bytes()).decode() for name, file in files}
    except OSError as error:
        raise LocalError.because(f"cannot read {error.filename}: {error.strerror}") from error


def _pairs(words: list[str], names: tuple[str, ...]) -> Json:
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in names:
            wanted = ", ".join(f"{one}=..." for one in names)
            raise UsageError.because(f"{word!r} is not one of {wanted}")
        found[name] = value
    return found


def _said(server: Server, body: Json, found: Json) -> str:
    match body["op"]:
        case "refs":
            return "\n".join(f"{sha} {ref}" for ref, sha in sorted(found["refs"].items()))
        case "signer":
            return str(found["public"]).strip()
        case "delete-ref":
            return f"{body['repo']} has no {found['ref']} any more"
        case "behave":
            return f"{found['name']} is {found['behavior']} now"
        case "init":
            return f"{found['name']} is empty: git clone {server.url}/_git/{found['name']}.git"
    return f"{found['ref']} of {body['repo']} is at {found['sha']}"
