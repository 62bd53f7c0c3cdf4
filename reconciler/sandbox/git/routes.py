"""Git's smart HTTP below `/_git/NAME`: `info/refs`, `git-upload-pack` and `git-receive-pack`.

dulwich speaks the protocol (git-scm.com/docs/http-protocol); who may what, and what goes wrong,
is decided here.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import web

from reconciler.sandbox.git.access import PUSH, refusal
from reconciler.sandbox.git.controls import Controls
from reconciler.sandbox.git.misbehaving import UPLOAD, misbehave
from reconciler.sandbox.git.repositories import GitRepositories, check_installed
from reconciler.sandbox.world import World

if TYPE_CHECKING:
    from dulwich.repo import MemoryRepo

BASE = "/_git"
OFF = "The sandbox serves no git: start it with `reconcile sandbox serve --git`."
CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}


def routes(world: World) -> list[web.RouteDef]:
    """Return the routes of git."""
    plane = _Git(world)
    return [
        web.get(BASE + "/{name:.+}/info/refs", plane.refs),
        web.post(f"{BASE}/{{name:.+}}/{{service:{UPLOAD}|{PUSH}}}", plane.exchange),
    ]


def controls(world: World) -> Controls:
    """Return what `/_sandbox/git` does."""
    return Controls(world)


class _Git:
    """Answers requests below `/_git`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._repositories = GitRepositories(world.store)

    async def refs(self, request: web.Request) -> web.StreamResponse:
        """GET info/refs: what there is to fetch."""
        service = request.query.get("service", "")
        refused = await self._refused(request, service, is_pack=False)
        if refused is not None:
            return refused
        repo = self._repositories.open(_name(request))
        body = await asyncio.to_thread(_carried_out, repo, service, b"", advertise=True)
        head = f"# service={service}\n".encode()
        body = f"{len(head) + 4:04x}".encode() + head + b"0000" + body
        return _response(service, "advertisement", body)

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        """POST git-upload-pack or git-receive-pack: objects, one way or the other."""
        service = request.match_info["service"]
        raw = await request.read()
        refused = await self._refused(request, service, is_pack=True)
        if refused is not None:
            return refused
        name = _name(request)
        repo = self._repositories.open(name)
        if service == UPLOAD:
            _offer_commits(repo)
        body = await asyncio.to_thread(_carried_out, repo, service, raw)
        if service == PUSH:
            self._repositories.store(name, repo)
        return _response(service, "result", body)

    async def _refused(
        self, request: web.Request, service: str, *, is_pack: bool
    ) -> web.StreamResponse | None:
        """Return the answer to a request that is not carried out."""
        if not self._world.serves_git and not self._world.settings["git"]:
            return web.Response(status=404, text=OFF)
        if service not in (UPLOAD, PUSH):
            return web.Response(status=403, text="only smart HTTP is served")
        try:
            check_installed()
        except ValueError as error:
            return web.Response(status=501, text=str(error))
        settings = self._repositories.find(_name(request))
        if settings is None:
            return web.Response(status=404, text="Repository not found.")
        why = refusal(self._world, request, settings, service)
        if why:
            return _denied(why)
        return await misbehave(request, settings["behavior"], is_pack=is_pack)


def _name(request: web.Request) -> str:
    return request.match_info["name"].removesuffix(".git")


def _denied(why: str) -> web.Response:
    if why == "Not found":
        return web.Response(status=404, text="Repository not found.")
    if why.startswith("Write access"):
        return web.Response(status=403, text=why)
    return web.Response(status=401, text=why, headers=CHALLENGE)


def _offer_commits(repo: MemoryRepo) -> None:
    """Let every commit be asked for by its id, as GitHub does, not only those that a ref names."""
    from dulwich.objects import Commit
    from dulwich.refs import Ref

    for sha in repo.object_store:
        if isinstance(repo.object_store[sha], Commit):
            repo.refs[Ref(b"refs/commits/" + sha)] = sha


def _carried_out(repo: MemoryRepo, service: str, raw: bytes, *, advertise: bool = False) -> bytes:
    """Return what dulwich's server answers to the bytes of one request."""
    from dulwich.errors import GitProtocolError, HangupException
    from dulwich.protocol import ReceivableProtocol
    from dulwich.server import DEFAULT_HANDLERS, DictBackend

    incoming, answer = BytesIO(raw), BytesIO()
    protocol = ReceivableProtocol(incoming.read, answer.write)
    served: Any = repo  # dulwich says which methods it wants in a class that none of its own has
    backend = DictBackend({b"/": served})
    options = {"stateless_rpc": True, "advertise_refs": advertise}
    handler = DEFAULT_HANDLERS[service.encode()](backend, [b"/"], protocol, **options)
    try:
        handler.handle()
    except HangupException:
        return answer.getvalue()
    except GitProtocolError as error:
        words = f"ERR {error}".encode()
        return answer.getvalue() + f"{len(words) + 4:04x}".encode() + words
    return answer.getvalue()


def _response(service: str, kind: str, body: bytes) -> web.Response:
    headers = {"Content-Type": f"application/x-{service}-{kind}", "Cache-Control": "no-cache"}
    return web.Response(body=body, headers=headers)
