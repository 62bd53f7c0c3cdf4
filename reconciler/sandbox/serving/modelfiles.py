"""From a deployment to the conversations its model was trained on.

The fine-tuning job wrote `conversations.jsonl` below its model's artifact path in blob storage;
the model version's URI leads there. An index is kept per content, for the newest few models.
"""

from __future__ import annotations

import hashlib

from reconciler.sandbox.arm import ml
from reconciler.sandbox.serving.chat import ModelError
from reconciler.sandbox.serving.nearest import AnswerIndex, read_conversations
from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

CONVERSATIONS = "conversations.jsonl"
KEPT_INDEXES = 8


class ModelFiles:
    """Finds and indexes what models know."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._indexes: dict[str, AnswerIndex] = {}

    def index_of(self, deployment: Record) -> AnswerIndex:
        """The index of a deployment's model; a registry's base model has learnt nothing here.

        Raises ModelError (500) for a model of the workspace without training.
        """
        content = self._conversations(deployment)
        key = hashlib.sha256(content).hexdigest()
        index = self._indexes.pop(key, None) or AnswerIndex(read_conversations(content))
        self._indexes[key] = index
        while len(self._indexes) > KEPT_INDEXES:
            del self._indexes[next(iter(self._indexes))]
        return index

    def has_any(self, deployment: Record) -> bool:
        """Whether a deployment's model was trained here."""
        reference = str(deployment.body["properties"].get("model") or "")
        return self._written(deployment, reference) is not None

    def _conversations(self, deployment: Record) -> bytes:
        reference = str(deployment.body.get("properties", {}).get("model") or "")
        if reference.startswith("azureml://registries/"):
            return b""
        if (deployment.body["properties"].get("codeConfiguration") or {}).get("scoringScript"):
            return self._written(deployment, reference) or b""
        content = self._written(deployment, reference)
        if content is not None:
            return content
        text = f"The model {reference!r} holds no training conversations the sandbox could use."
        raise ModelError(text, 500)

    def _written(self, deployment: Record, reference: str) -> bytes | None:
        place = artifact_place(self._world, deployment, reference)
        if place is None:
            return None
        account, container, path = place
        return self._world.blobs.get(account, container, f"{path}/{CONVERSATIONS}")


def artifact_place(world: World, deployment: Record, reference: str) -> tuple[str, str, str] | None:
    """(account, container, path) of a deployment's model, or None for a model without files."""
    workspace_id = ml.workspace_id(deployment.id)
    if not reference or reference.startswith("azureml://"):
        return None  # a registry's model: the sandbox holds no files of it
    model = world.store.get(ml.asset_id(workspace_id, reference, "models"))
    if model is None:
        return None
    return ml.locate(world, workspace_id, str(model.body["properties"].get("modelUri") or ""))
