"""The request of a chat model behind an MLflow wrapper, checked strictly.

Shape: azureml-assets, MLflow `transformers` chat flavour: `{"input_data": {"input_string":
[{"role", "content"}, ...], "parameters": {...}}}`. A list of one such conversation is not taken.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROLES = ("system", "user", "assistant")
IGNORED_PARAMETERS = {
    "top_k", "repetition_penalty", "num_beams", "stop", "seed", "return_full_text",
    "frequency_penalty", "presence_penalty", "min_new_tokens", "typical_p", "use_cache",
}  # fmt: skip
"""Generation arguments that the sandbox takes and that change nothing in its answers."""


class ModelError(Exception):
    """What makes the model container refuse; `status` is the container's, 400 or 500."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages as (role, content), and the most tokens that the answer may have."""

    messages: tuple[tuple[str, str], ...]
    max_new_tokens: int | None

    @property
    def user_turns(self) -> list[str]:
        """What the user said, oldest first."""
        return [content for role, content in self.messages if role == "user"]


def parse_score(raw: bytes) -> Chat:
    """A body of /score. Raises ModelError with the reason."""
    body = _object(raw)
    unknown = body.keys() - {"input_data", "params"}
    if "input_data" not in body or unknown:
        raise ModelError(f"The body must have the one key 'input_data', not {sorted(body)}.")
    data = body["input_data"]
    if not isinstance(data, dict) or "input_string" not in data:
        raise ModelError("'input_data' must be an object with the key 'input_string'.")
    if data.keys() - {"input_string", "parameters"}:
        raise ModelError(f"'input_data' has unknown keys: {sorted(data)}.")
    parameters = data.get("parameters", {})
    if not isinstance(parameters, dict):
        raise ModelError("'parameters' must be an object.")
    return Chat(_messages(data["input_string"], "input_string"), _limit(parameters))


def parse_any(raw: bytes) -> Chat:
    """A body for a script of the deployment's own, which the sandbox does not run.

    Every text in it counts as said by the user.
    """
    try:
        said = list(_texts(json.loads(raw)))
    except ValueError:
        said = [raw.decode("utf-8", "replace")]
    return Chat(tuple(("user", text) for text in said or [""]), None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def parse_completion(raw: bytes) -> Chat:
    """A body of /v1/chat/completions. Raises ModelError with the reason."""
    body = _object(raw)
    if body.get("stream"):
        raise ModelError("'stream' is not supported by this deployment.")
    names = {"max_tokens": "max_new_tokens", "max_completion_tokens": "max_new_tokens"}
    known = ("temperature", "top_p", *names)
    parameters = {names.get(key, key): body[key] for key in known if body.get(key) is not None}
    return Chat(_messages(body.get("messages"), "messages"), _limit(parameters))


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ModelError(f"The request body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ModelError("The request body must be a JSON object.")
    return body


def _messages(value: Any, key: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not value:
        raise ModelError(f"'{key}' must be a list of messages that is not empty.")
    messages = []
    for number, message in enumerate(value):
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            raise ModelError(f"{key}[{number}] must have exactly 'role' and 'content'.")
        role, content = message["role"], message["content"]
        if role not in ROLES or not isinstance(content, str) or not content.strip():
            raise ModelError(f"{key}[{number}] has an unknown role or no text.")
        messages.append((role, content))
    if messages[-1][0] != "user":
        raise ModelError("Conversation roles must end with the user's message.", 500)
    turns = [role for role, _ in messages if role != "system"]
    if any(first == second for first, second in itertools.pairwise(turns)):
        text = "Conversation roles must alternate user/assistant/user/assistant/..."
        raise ModelError(text, 500)
    return tuple(messages)


def _limit(parameters: Mapping[str, Any]) -> int | None:
    checks: dict[str, Callable[[Any], bool]] = {
        "temperature": lambda value: _is_number(value) and value >= 0,
        "top_p": lambda value: _is_number(value) and 0 < value <= 1,
        "do_sample": lambda value: isinstance(value, bool),
        "max_new_tokens": lambda value: type(value) is int and value > 0,
    }
    for name, value in parameters.items():
        if name in checks and not checks[name](value):
            raise ModelError(f"`{name}` has the value {value!r}, which generation refuses.", 500)
        if name not in checks and name not in IGNORED_PARAMETERS:
            text = f"The following `model_kwargs` are not used by the model: ['{name}']"
            raise ModelError(text, 500)
    limit = parameters.get("max_new_tokens")
    return limit if isinstance(limit, int) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
