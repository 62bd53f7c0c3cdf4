"""The hub's HTTP API as `huggingface_hub` calls it: repository facts, trees, and downloads.

Shapes: huggingface.co/docs/hub/api and the client's own parser; error headers `X-Error-Code`
and `X-Error-Message` are what the client turns into its exceptions.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from reconciler.sandbox.hub.commits import Commit, HubFile
from reconciler.sandbox.hub.conversation import checked_rows
from reconciler.sandbox.hub.repositories import (
    Repository,
    UnknownRevision,
    repositories,
)
from reconciler.sandbox.hub.shapes import facts, tree
from reconciler.sandbox.world import World

REPO = "{owner}/{name}"
TEXT = (".md", ".jsonl", ".gitattributes")
MAX_ROWS_BYTES = 256 << 20
SPACE = "hub_main"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HubError(Exception):
    """An answer of the hub other than success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def routes(world: World) -> list[web.RouteDef]:
    """All routes under `/_hf`, and the control route that replaces training data."""
    hub = Hub(world)
    api = f"/_hf/api/datasets/{REPO}"
    return [
        web.get(api, _guarded(hub.facts)),
        web.get(api + "/revision/{revision}", _guarded(hub.facts)),
        web.get(api + "/tree/{revision}", _guarded(hub.tree)),
        web.get(api + "/tree/{revision}/{path:.*}", _guarded(hub.tree)),
        web.post(api + "/paths-info/{revision}", _guarded(hub.paths)),
        web.get(api + "/refs", _guarded(hub.refs)),
        web.get(api + "/commits/{revision}", _guarded(hub.commits)),
        web.get("/_hf/api/datasets", _guarded(hub.listing)),
        web.get(f"/_hf/datasets/{REPO}/resolve/{{revision}}/{{path:.*}}", _guarded(hub.resolve)),
        web.get(f"/_hf/_storage/{REPO}/{{revision}}/{{sha256}}/{{path:.*}}", _guarded(hub.large)),
        web.put("/_sandbox/hub", _guarded(hub.replace)),
        web.route("*", "/_hf/{rest:.*}", _guarded(hub.nothing)),
    ]


class Hub:
    """The handlers; files are written at first use, away from the event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._repositories = repositories(world.state / "hub")

    async def facts(self, request: web.Request) -> web.StreamResponse:
        """What `dataset_info` and `repo_info` ask for."""
        repository, commit = await self._commit(request)
        return web.json_response(facts(repository, commit, request.query))

    async def listing(self, request: web.Request) -> web.StreamResponse:
        """All repositories whose name holds `search`."""
        wanted = request.query.get("search", "").lower()
        author = request.query.get("author", "").lower()
        found = []
        for name, repository in self._repositories.items():
            if wanted in name.lower() and name.lower().startswith(author):
                commit = repository.commit(await self._head(repository))
                found.append(facts(repository, commit, request.query))
        return web.json_response(found)

    async def tree(self, request: web.Request) -> web.StreamResponse:
        """Files and folders below a path, one level or `recursive`."""
        _, commit = await self._commit(request)
        path = request.match_info.get("path", "").strip("/")
        is_recursive = request.query.get("recursive", "").lower() in {"true", "1"}
        entries = list(tree(commit, path, is_recursive=is_recursive))
        if path and not entries:
            raise HubError(404, "EntryNotFound", f"{path} does not exist on this revision")
        return web.json_response(entries, headers={"X-Repo-Commit": commit.sha})

    async def paths(self, request: web.Request) -> web.StreamResponse:
        """Facts about the named paths; unknown ones are left out, as the hub does."""
        _, commit = await self._commit(request)
        wanted = await _wanted_paths(request)
        every = {entry["path"]: entry for entry in tree(commit, "", is_recursive=True)}
        return web.json_response([every[path] for path in wanted if path in every])

    async def refs(self, request: web.Request) -> web.StreamResponse:
        """Branches; there is one."""
        _, commit = await self._commit(request)
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": commit.sha}
        return web.json_response({"branches": [branch], "converts": [], "tags": []})

    async def commits(self, request: web.Request) -> web.StreamResponse:
        """The named commit alone."""
        _, commit = await self._commit(request)
        entry = {
            "id": commit.sha,
            "title": commit.title,
            "message": "",
            "date": commit.date,
            "authors": [],
        }
        return web.json_response([entry])

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        """A download: small files at once, LFS files by redirect, as the hub does."""
        repository, commit = await self._commit(request)
        file = _file(commit, request.match_info["path"])
        if file.sha256 is None:
            return _send(request, commit, file)
        location = (
            f"{self._world.base_url}/_hf/_storage/{repository.name}/{commit.sha}/"
            f"{file.sha256}/{file.path}"
        )
        headers = {
            "X-Repo-Commit": commit.sha,
            "Accept-Ranges": "bytes",
            "Location": location,
            "X-Linked-Size": str(file.size),
            "X-Linked-Etag": f'"{file.etag}"',
        }
        return web.Response(status=302, headers=headers)

    async def large(self, request: web.Request) -> web.StreamResponse:
        """Where a redirect of `resolve` leads; ranges are served."""
        _, commit = await self._commit(request)
        file = _file(commit, request.match_info["path"])
        if file.sha256 != request.match_info["sha256"]:
            raise HubError(404, "EntryNotFound", "Entry not found")
        return _send(request, commit, file)

    async def replace(self, request: web.Request) -> web.StreamResponse:
        """PUT JSON lines: a new commit on `main` where one split has these rows.

        Query: `repo` (default ultrachat_200k) and `split` (default train_sft).
        """
        token = request.headers.get("x-sandbox-token", "")
        if not hmac.compare_digest(token.encode(), self._world.identity.control_token.encode()):
            raise HubError(403, "Forbidden", "The header x-sandbox-token is missing or wrong.")
        name = request.query.get("repo", next(iter(self._repositories)))
        split = request.query.get("split", "train_sft")
        repository = self._repository(name)
        try:
            rows = checked_rows(_json_lines(await _body(request)))
            head = await self._head(repository)
            commit = await asyncio.to_thread(repository.replace, head, split, rows)
        except KeyError as error:
            raise HubError(404, "SplitNotFound", f"{name} has no split {split!r}") from error
        except ValueError as error:
            raise HubError(400, "BadRows", str(error)) from error
        self._world.store.put_document(SPACE, repository.name, commit.sha)
        return web.json_response({"repo": name, "split": split, "sha": commit.sha})

    async def nothing(self, request: web.Request) -> web.StreamResponse:
        """Whatever else: models, spaces, other owners. The hub hides what it does not have."""
        raise HubError(401, "RepoNotFound", "Invalid username or password.")

    async def _commit(self, request: web.Request) -> tuple[Repository, Commit]:
        names = request.match_info
        repository = self._repository(f"{names['owner']}/{names['name']}")
        revision = names.get("revision", "main")
        head = await self._head(repository)
        try:
            return repository, repository.commit(head if revision == "main" else revision)
        except UnknownRevision as error:
            message = f"Invalid rev id: {revision}"
            raise HubError(404, "RevisionNotFound", message) from error

    async def _head(self, repository: Repository) -> str:
        """The commit of `main`: the one last put, else the first; a reset undoes puts."""
        first = await asyncio.to_thread(repository.first)
        return str(self._world.store.document(SPACE, repository.name) or first)

    def _repository(self, name: str) -> Repository:
        for known, repository in self._repositories.items():
            if known.lower() == name.lower():
                return repository
        raise HubError(401, "RepoNotFound", "Invalid username or password.")


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except HubError as error:
            headers = {"X-Error-Code": error.code, "X-Error-Message": error.message}
            return web.json_response({"error": error.message}, status=error.status, headers=headers)

    return guarded


async def _wanted_paths(request: web.Request) -> list[str]:
    if request.content_type != "application/json":
        return [str(path) for path in (await request.post()).getall("paths", [])]
    try:
        paths = (await request.json())["paths"]
    except (ValueError, LookupError, TypeError) as error:
        raise HubError(400, "BadRequest", "`paths` must be a list of strings.") from error
    return [str(path) for path in paths] if isinstance(paths, list) else []


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_ROWS_BYTES:
            raise HubError(413, "TooLarge", "More than 256 MiB of rows.")
    return bytes(body)


def _json_lines(body: bytes) -> Iterable[Any]:
    for number, line in enumerate(body.decode().splitlines(), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error


def _file(commit: Commit, path: str) -> HubFile:
    if path not in commit.files:
        raise HubError(404, "EntryNotFound", "Entry not found")
    return commit.files[path]


def _send(request: web.Request, commit: Commit, file: HubFile) -> web.Response:
    """The file or the range of it that was asked for; the hub's files are small."""
    content = commit.location(file).read_bytes()
    headers = {
        "X-Repo-Commit": commit.sha,
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.etag}"',
        "Content-Type": "text/plain" if file.path.endswith(TEXT) else "application/octet-stream",
    }
    try:
        span = request.http_range
    except ValueError as error:
        raise HubError(416, "InvalidRange", str(error)) from error
    if span.start is None and span.stop is None:
        return web.Response(body=content, headers=headers)
    start, stop, _ = span.indices(len(content))
    if start >= stop:
        raise HubError(416, "InvalidRange", "The range lies outside the file.")
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return web.Response(status=206, body=content[start:stop], headers=headers)
