"""What people do on a git server: `/_sandbox/git` makes repositories, commits, tags and trouble.

`{"op": "init", "repo": "acme/ml"}`, `{"op": "commit", "repo": "acme/ml", "files": {"a.yaml":
"<base64>"}}`, and `tag`, `set-ref`, `delete-ref`, `refs`, `signer`, `behave`. Each answers with
what it made; commits and tags can be pushed by git itself, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from reconciler.sandbox.fault_checks import known
from reconciler.sandbox.forge.repositories import Repositories
from reconciler.sandbox.git import commits
from reconciler.sandbox.git.misbehaving import BEHAVIORS
from reconciler.sandbox.git.repositories import GitRepositories, check_installed
from reconciler.sandbox.git.signers import Signers
from reconciler.sandbox.world import World

Json = dict[str, Any]
WORDS = {
    "op", "repo", "private", "branch", "files", "message", "by", "parent", "sign", "ref", "sha",
    "name", "annotated", "behavior", "kind",
}  # fmt: skip


class Controls:
    """Carries the controls out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._git = GitRepositories(world.store)
        self._forge = Repositories(world.store, world.clock)
        self._signers = Signers(world.store)

    async def run(self, request: web.Request) -> web.Response:
        """POST one operation. Raises ValueError with words for the user."""
        check_installed()
        body = known(await request.json(), WORDS)
        operations: dict[str, Callable[[Json], Json]] = {
            "init": self._init,
            "commit": self._commit,
            "tag": self._tag,
            "set-ref": self._set_ref,
            "delete-ref": self._delete_ref,
            "refs": lambda b: {"refs": self._git.known(str(b.get("repo")))["refs"]},
            "signer": self._signer,
            "behave": self._behave,
        }
        op = str(body.get("op"))
        if op not in operations:
            raise ValueError(f"op is one of {', '.join(operations)}, not {op!r}")
        return web.json_response(operations[op](body))

    def _init(self, body: Json) -> Json:
        name = str(body.get("repo", ""))
        if name.count("/") not in (1, 2) or not all(name.split("/")):
            raise ValueError(
                f"a repository is OWNER/NAME or ORGANISATION/PROJECT/NAME, not {name!r}"
            )
        if self._git.find(name) is not None:
            raise ValueError(f"there is a git repository {name!r} already")
        settings = {
            "name": name,
            "private": bool(body.get("private")),
            "branch": str(body.get("branch", "main")),
            "behavior": "normal",
            "refs": {},
        }
        return self._git.save(settings)

    def _commit(self, body: Json) -> Json:
        """`parent`: another commit than the branch's head; "" for none. `ref` of the branch moves."""
        name, settings = self._named(body)
        branch = str(body.get("branch", settings["branch"]))
        ref = f"refs/heads/{branch}"
        repo = self._git.open(name)
        sha = commits.commit(
            repo,
            body.get("files", {}),
            self._who(body),
            parent=str(body.get("parent", settings["refs"].get(ref, ""))),
            message=str(body.get("message", "Change files")),
        )
        self._git.store(name, repo)
        self._move(name, ref, sha)
        self._forge.commit(name, sha, branch)
        return {"sha": sha, "ref": ref}

    def _tag(self, body: Json) -> Json:
        """A tag of a commit (`sha`, default: the branch's head); annotated where it is signed."""
        name, settings = self._named(body)
        sha = str(body.get("sha") or settings["refs"].get(f"refs/heads/{settings['branch']}", ""))
        label, who = str(body.get("name", "")), self._who(body)
        ref, target = f"refs/tags/{label}", self._existing(name, sha)
        if who.sign is not None or body.get("annotated"):
            repo = self._git.open(name)
            target = commits.tag(repo, label, sha, who)
            self._git.store(name, repo)
        return self._move(name, ref, target)

    def _who(self, body: Json) -> commits.Who:
        login, now = str(body.get("by", "ann")), int(self._world.clock.now())
        return commits.Who(login, now, self._signers.find(body.get("sign")))

    def _set_ref(self, body: Json) -> Json:
        """Move a ref to any object that there is, as a forced push does."""
        name, _ = self._named(body)
        return self._move(name, str(body.get("ref")), self._existing(name, str(body.get("sha"))))

    def _delete_ref(self, body: Json) -> Json:
        name, settings = self._named(body)
        ref = str(body.get("ref"))
        if ref not in settings["refs"]:
            raise ValueError(f"{name} has no {ref!r}")
        refs = {one: sha for one, sha in settings["refs"].items() if one != ref}
        self._git.save({**settings, "refs": refs})
        return {"ref": ref}

    def _signer(self, body: Json) -> Json:
        return self._signers.make(str(body.get("name", "")), str(body.get("kind", "ssh")))

    def _behave(self, body: Json) -> Json:
        _, settings = self._named(body)
        behavior = str(body.get("behavior"))
        if behavior not in BEHAVIORS:
            raise ValueError(f"a git server can be {', '.join(BEHAVIORS)}, not {behavior!r}")
        return self._git.save({**settings, "behavior": behavior})

    def _named(self, body: Json) -> tuple[str, Json]:
        settings = self._git.known(str(body.get("repo")))
        return settings["name"], settings

    def _existing(self, name: str, sha: str) -> str:
        if not self._git.has(name, sha):
            raise ValueError(f"{name} has no object {sha!r}")
        return sha

    def _move(self, name: str, ref: str, sha: str) -> Json:
        if not ref.startswith("refs/"):
            raise ValueError(f"a ref begins with refs/, like refs/heads/main: {ref!r} does not")
        settings = self._git.known(name)
        self._git.save({**settings, "refs": {**settings["refs"], ref: sha}})
        return {"ref": ref, "sha": sha}
