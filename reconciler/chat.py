"""Ask the deployed model a question, the way the prompt flow goes.

Flow, its connection, the connection's address and key (read out at this moment and kept
nowhere), then the endpoint, with the very payload that the flow's tool sends.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.bounded_json import loads
from reconciler.cloud.backoff import wait_seconds
from reconciler.cloud.errors import code_and_message
from reconciler.cloud.poll import poll
from reconciler.diagnostics import (
    ApiError,
    Diagnostic,
    ReconcileError,
    UnavailableError,
    UsageError,
)
from reconciler.engine.graph import references_in
from reconciler.engine.types import Address, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.extensions import HoldsCredentials
from reconciler.secrets import remember, shortened
from reconciler.spec.problems import did_you_mean

if TYPE_CHECKING:
    import requests


TIMEOUT_S = 185.0
SETTLES_S = 120.0
SETTLING = (404, 503)
"""What an endpoint answers for a short while after its traffic was switched."""

Message = Mapping[str, str]
"""One turn: `role` (system, user or assistant) and `content`."""


@dataclass(frozen=True)
class Answer:
    """What the model said, and the way the question went."""

    text: str
    flow: Address
    connection: Address
    endpoint: str
    elapsed_s: float


def ask(  # noqa: PLR0913 - each is an option of the command
    context: HandlerContext,
    resources: Mapping[Address, Resource],
    question: str,
    *,
    flow: Address = "",
    temperature: float = 0.7,
    max_tokens: int = 256,
    history: Sequence[Message] = (),
) -> Answer:
    """Return the model's answer to a question.

    `flow` chooses among several flows of the spec. `history` are earlier turns, oldest first.
    Raises `UsageError` when it is not clear what to ask, `ReconcileError` when something on
    the way does not exist yet or cannot be read, `ApiError` when the endpoint refuses.
    """
    started = time.monotonic()
    route = _route(context, resources, flow)
    payload = payload_of(question, history, temperature=temperature, max_tokens=max_tokens)
    _refuse_silent_endpoint(context, resources, route.connection)
    keys = _keys(context, resources[route.connection])
    url, key = _address_and_key(route.connection, keys)
    remember(*(value for name, value in keys.items() if name != "endpoint"))
    reply = _post(context, url, key, payload)
    host = urlsplit(url).netloc
    return Answer(text_of(reply), route.flow, route.connection, host, time.monotonic() - started)


def payload_of(
    question: str, history: Sequence[Message], *, temperature: float, max_tokens: int
) -> dict[str, Any]:
    """Return the request's body as the MLflow chat wrapper of Azure's models takes it.

    Source: azureml-assets, MLflow `transformers` chat flavour.
    """
    turns = [{"role": turn["role"], "content": turn["content"]} for turn in history]
    parameters: dict[str, Any] = {
        "temperature": temperature,
        "max_new_tokens": max_tokens,
        "do_sample": temperature > 0,
        "return_full_text": False,
    }
    messages = [*turns, {"role": "user", "content": question}]
    return {"input_data": {"input_string": messages, "parameters": parameters}}


def text_of(reply: Any) -> str:
    """Return the answer out of whatever shape the model's container gave it.

    Seen or documented: a text, `{"output": ...}`, a list of one, a chat completion.
    Raises `ReconcileError` for anything else.
    """
    found = _dig(reply, 0)
    if found is None:
        shape = shortened(json.dumps(reply, ensure_ascii=False), 200)
        raise ReconcileError.because("the model's answer cannot be understood", detail=shape)
    return found.strip()


def _dig(value: Any, depth: int) -> str | None:
    """Return the first text where an answer may stand."""
    if isinstance(value, str):
        return value
    if depth > 6:
        return None
    if isinstance(value, list):
        return _dig(value[-1], depth + 1) if value else None
    if isinstance(value, dict):
        for name in ("output", "answer", "choices", "message", "generated_text", "content", "0"):
            if name in value:
                return _dig(value[name], depth + 1)
    return None


@dataclass(frozen=True)
class _Route:
    flow: Address
    connection: Address


def _route(
    context: HandlerContext, resources: Mapping[Address, Resource], wanted: Address
) -> _Route:
    """Return the flow to go through, which must exist, and its connection."""
    flows = {a: r for a, r in resources.items() if HANDLERS[r.kind].asks_model}
    if wanted:
        wanted = wanted if wanted in flows else f"flows.{wanted}"
    elif len(flows) == 1:
        wanted = next(iter(flows))
    if wanted not in flows:
        raise UsageError.because(
            f"this spec has {f'no flow {wanted}' if wanted else 'no single flow to ask'}",
            hint=did_you_mean(wanted, flows) or "add one under `flows:`",
        )
    resource = flows[wanted]
    if HANDLERS[resource.kind].observe(context, resource) is None:
        raise ReconcileError.because(
            f"`{wanted}` does not exist yet", hint="run `reconcile apply` first"
        )
    needed = (resources.get(address) for address in resource.depends_on)
    connections = [
        r.address for r in needed if r and isinstance(HANDLERS[r.kind], HoldsCredentials)
    ]
    if len(connections) != 1:
        raise UsageError.because(
            f"`{wanted}` has {len(connections)} connections; a question goes through exactly one"
        )
    return _Route(wanted, connections[0])


def _refuse_silent_endpoint(
    context: HandlerContext, resources: Mapping[Address, Resource], connection: Address
) -> None:
    """Raise `ReconcileError` when the connection's endpoint gives no deployment any traffic.

    Without this look, "not yet" and "never" are the same 404.
    """
    for reference in references_in(resources[connection].desired):
        endpoint = resources.get(reference.address)
        if endpoint is None or not HANDLERS[endpoint.kind].serves_traffic:
            continue
        seen = HANDLERS[endpoint.kind].observe(context, endpoint)
        traffic = (seen.body.get("properties") or {}).get("traffic") if seen else None
        if not any((traffic or {}).values()):
            raise ReconcileError.because(
                f"no deployment of `{endpoint.address}` gets any traffic",
                hint="run `reconcile status`, then `reconcile apply`",
            )


def _keys(context: HandlerContext, connection: Resource) -> Mapping[str, Any]:
    """Return the named values that a connection holds; none where it is of another form."""
    handler = HANDLERS[connection.kind]
    if not isinstance(handler, HoldsCredentials):
        return {}
    return handler.credentials(context, connection.resource_id).get("keys") or {}


def _address_and_key(connection: Address, keys: Mapping[str, Any]) -> tuple[str, str]:
    url, key = str(keys.get("endpoint") or ""), str(keys.get("key") or "")
    if not url.startswith("https://") or not key:
        raise ReconcileError.because(
            f"`{connection}` has no usable `endpoint` and `key`",
            hint="run `reconcile apply` again: it updates a connection that differs",
        )
    return url, key


def _post(context: HandlerContext, url: str, key: str, payload: Mapping[str, Any]) -> Any:
    """Send the question; again for two minutes while the endpoint is settling."""
    import requests

    from reconciler.cloud.session import session_of

    with session_of(context.run.cloud, 1) as session, context.run.bounded():
        session.request_s = TIMEOUT_S
        try:
            response = poll(
                context.run,
                lambda: session.post(
                    url,
                    json=payload,
                    headers={"Authorization": f"Bearer {key}"},
                    timeout=(10, TIMEOUT_S),
                    allow_redirects=False,
                ),
                lambda answer: answer.status_code not in SETTLING,
                backoff=lambda asked, _: wait_seconds(None, asked),
                within_s=SETTLES_S,
            )
        except requests.RequestException as error:
            raise _unreachable(url, error) from error
        return _read(response, url)


def _read(response: requests.Response, url: str) -> Any:
    if response.status_code >= 300:
        raise _refused(response, url)
    try:
        return loads(response.content)
    except ValueError:
        return response.text


def _refused(response: requests.Response, url: str) -> ApiError:
    code, message = code_and_message(response.content)
    status = response.status_code
    hints = {
        401: "the key is no longer valid: run `reconcile apply` to update the connection",
        404: "no deployment gets traffic: look at `traffic` and run `reconcile status`",
        408: "the model took too long: ask for fewer tokens (`--max-tokens`)",
        424: "the model's container failed: look at the deployment's log",
        429: "the deployment is busy: ask again, or raise `instance_count`",
    }
    what = message or shortened(response.text.strip(), 300) or f"HTTP {status} without a reason"
    detail = f"HTTP {status} from {urlsplit(url).netloc}"
    told = Diagnostic(
        f"the endpoint refused the question: {what}", None, detail, hints.get(status, "")
    )
    return ApiError(status, code, told)


def _unreachable(url: str, error: Exception) -> UnavailableError:
    return UnavailableError(
        Diagnostic(
            f"cannot reach {urlsplit(url).netloc}",
            detail=type(error).__name__,
            hint="check the network and proxy, then ask again",
        )
    )
