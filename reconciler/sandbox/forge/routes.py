"""Where the forges are mounted. Unless the sandbox was asked for them, there is nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from reconciler.sandbox.forge import azure_devops, github
from reconciler.sandbox.forge.controls import Controls
from reconciler.sandbox.forge.repositories import Repositories
from reconciler.sandbox.forge.tokens import Tokens
from reconciler.sandbox.world import World

Answer = Callable[[web.Request, bytes], web.Response]
OFF = "The sandbox serves no GitHub and no Azure DevOps: start it with `reconcile sandbox serve --forge`."


def routes(world: World) -> list[web.RouteDef]:
    """Return the routes of both forges."""
    repositories, tokens = Repositories(world.store, world.clock), Tokens(world.store)
    hub = github.GitHub(repositories, tokens, world.base_url)
    azure = azure_devops.AzureDevOps(repositories, tokens, world.base_url)
    return [
        web.route("*", github.BASE + "/{rest:.*}", _guarded(world, hub.answer)),
        web.route("*", azure_devops.BASE + "/{rest:.*}", _guarded(world, azure.answer)),
    ]


def controls(world: World) -> Controls:
    """Return what `/_sandbox/forge` does."""
    return Controls(Repositories(world.store, world.clock), Tokens(world.store))


def _guarded(
    world: World, answer: Answer
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def run(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not world.serves_forge and not world.settings["forge"]:
            return web.json_response({"message": OFF}, status=404)
        return answer(request, raw)

    return run
