"""Scoring: authentication, choice of the deployment, and the answer from the training data.

Status codes: learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints,
"HTTP status codes": 401 no permission, 404 no deployment with positive weight, 424 when the
model container answers with an error.
"""

from __future__ import annotations

import hmac
import random
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.serving.chat import (
    Chat,
    ModelError,
    parse_any,
    parse_completion,
    parse_score,
)
from reconciler.sandbox.serving.containers import container_of
from reconciler.sandbox.serving.exchange import AmlError, Json, settled
from reconciler.sandbox.serving.modelfiles import ModelFiles
from reconciler.sandbox.serving.nearest import Found
from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

ENDPOINT = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
DEPLOYMENT_HEADER = "azureml-model-deployment"
TOKEN_AUDIENCE = "https://ml.azure.com"
MAX_TOKENS = 4096
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its size in tokens, which are words and marks here."""

    text: str
    tokens: int
    is_cut: bool


class Scoring:
    """Scoring handlers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._models = ModelFiles(world)
        self._chance = random.Random(0)

    async def score(self, request: web.Request) -> web.StreamResponse:
        """POST .../score."""
        return await self._answer(request, parse_score, lambda reply, chat: {"output": reply.text})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """POST .../v1/chat/completions."""
        return await self._answer(request, parse_completion, _completion)

    async def other(self, request: web.Request) -> web.StreamResponse:
        """POST to a path that only a container may know."""
        endpoint = self._endpoint(request)
        self._authenticate(request, endpoint)
        deployment = self._deployment(request, endpoint)
        stand_in = self._stand_in(request, deployment)
        if stand_in is None:
            raise AmlError(404, "NotFound", f"{request.method} {request.path} is not served here.")
        return stand_in

    def _stand_in(self, request: web.Request, deployment: Record) -> web.Response | None:
        """Return what stands in for a container, unless its model was trained here."""
        container = container_of(self._world, deployment)
        if container is None or self._models.has_any(deployment):
            return None
        headers = {DEPLOYMENT_HEADER: deployment.name, "x-ms-request-id": str(uuid.uuid4())}
        path = "/" + request.path.partition("/_inference/")[2].split("/", 2)[2]
        if not container.answers(path):
            return _refused(ModelError(f"Not Found {container.note}", 404), headers)
        said: Json = {"output": container.note}
        if container.is_chat:
            said = _completion(Reply(container.note, 0, is_cut=False), Chat((), None))
        return web.json_response(said, headers=headers)

    async def ready(self, request: web.Request) -> web.StreamResponse:
        """GET of the endpoint's root: the server is alive."""
        self._endpoint(request)
        return web.Response(text="Healthy")

    async def _answer(
        self,
        request: web.Request,
        parse: Callable[[bytes], Chat],
        shape: Callable[[Reply, Chat], Json],
    ) -> web.StreamResponse:
        endpoint = self._endpoint(request)
        self._authenticate(request, endpoint)
        raw = await request.read()
        deployment = self._deployment(request, endpoint)
        if stand_in := self._stand_in(request, deployment):
            return stand_in
        headers = {DEPLOYMENT_HEADER: deployment.name, "x-ms-request-id": str(uuid.uuid4())}
        try:
            chat = parse_any(raw) if has_script(deployment) else parse(raw)
            index = self._models.index_of(deployment)
            reply = answer_from(index.nearest(chat.user_turns), chat.max_new_tokens)
        except ModelError as error:
            return _refused(error, headers)
        return web.json_response(shape(reply, chat), headers=headers)

    def _endpoint(self, request: web.Request) -> Record:
        names = request.match_info
        for record in self._world.store.of_type(ENDPOINT):
            location = str(record.body.get("location", "")).replace(" ", "").lower()
            if record.name.lower() == names["endpoint"].lower() and location == names["region"]:
                return record
        # In Azure the host name of an endpoint that is not there does not resolve.
        raise AmlError(404, "EndpointNotFound", f"There is no endpoint {names['endpoint']} here.")

    def _authenticate(self, request: web.Request, endpoint: Record) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        mode = str(endpoint.body.get("properties", {}).get("authMode", "Key")).lower()
        refused = AmlError(401, "Unauthorized", "key_auth_access_denied")
        if scheme.lower() != "bearer" or not token:
            raise refused
        if mode == "key":
            keys = endpoint.hidden.get("keys") or {}
            known = keys.values() if isinstance(keys, dict) else keys
            if not any(hmac.compare_digest(token.encode(), str(key).encode()) for key in known):
                raise refused
            return
        try:
            audience = str(self._world.identity.claims(token)["aud"]).rstrip("/")
        except (InvalidToken, ValueError, LookupError) as error:
            raise AmlError(401, "Unauthorized", "token_auth_access_denied") from error
        if audience != TOKEN_AUDIENCE:
            raise AmlError(401, "Unauthorized", f"The token is for {audience}.")

    def _deployment(self, request: web.Request, endpoint: Record) -> Record:
        asked = request.headers.get(DEPLOYMENT_HEADER)
        traffic = endpoint.body.get("properties", {}).get("traffic") or {}
        name = asked or choose(traffic, self._chance)
        if name is None:
            text = "The endpoint doesn't have any valid deployment with positive weight."
            raise AmlError(404, "NoDeploymentWithTraffic", text)
        record = settled(self._world, f"{endpoint.id}/deployments/{name}", polled=False)
        if record is None:
            raise AmlError(404, "DeploymentNotFound", f"Deployment {name} does not exist.")
        state = record.body.get("properties", {}).get("provisioningState")
        if state not in {"Succeeded", "Updating"}:
            raise AmlError(503, "DeploymentNotReady", f"Deployment {name} is {state}.")
        return record


def has_script(deployment: Record) -> bool:
    """Whether a deployment brings its own scoring script, which takes whatever body it wants."""
    code = deployment.body.get("properties", {}).get("codeConfiguration") or {}
    return bool(code.get("scoringScript"))


def choose(traffic: dict[str, int], chance: random.Random) -> str | None:
    """The deployment that a request goes to: by weight, each request anew."""
    weights = {name: int(weight) for name, weight in sorted(traffic.items()) if int(weight) > 0}
    if not weights:
        return None
    return chance.choices(list(weights), list(weights.values()))[0]


def answer_from(found: Found | None, max_new_tokens: int | None) -> Reply:
    """The training answer, cut to the tokens asked for, and a last line that owns up."""
    limit = min(max_new_tokens or MAX_TOKENS, MAX_TOKENS)
    if found is None:
        text = "I was not trained on anything like this."
        note = "[sandbox: no training conversation shares a word with the question]"
    else:
        text = found.answer
        note = (
            f"[sandbox: answered from training conversation {found.line}, "
            f'"{found.question}", similarity {found.score:.2f}]'
        )
    tokens = _TOKEN.findall(text)
    cut = "".join(tokens[:limit]) if len(tokens) > limit else text
    return Reply(f"{cut}\n{note}", min(len(tokens), limit), is_cut=len(tokens) > limit)


def _completion(reply: Reply, chat: Chat) -> Json:
    prompt = sum(len(_TOKEN.findall(content)) for _, content in chat.messages)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": "sandbox",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": "length" if reply.is_cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": reply.tokens,
            "total_tokens": prompt + reply.tokens,
        },
    }


def _refused(error: ModelError, headers: dict[str, str]) -> web.Response:
    """424: the container's own status and reason go into headers, its text into the body."""
    headers |= {
        "ms-azureml-model-error-statuscode": str(error.status),
        "ms-azureml-model-error-reason": "model_error",
    }
    return web.json_response({"message": str(error)}, status=424, headers=headers)
