"""The JSON Schema of the spec, for editors, CI and `reconcile explain`."""

from __future__ import annotations

from functools import cache
from typing import Any

from reconciler.kinds import Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:reconcile:spec:v1"


@cache
def document() -> dict[str, Any]:
    """Return the schema as plain data, the spec's own keys before the definitions.

    Made once, since that takes a tenth of a second: do not change it.
    """
    body = _flowing(Spec.model_json_schema(by_alias=True))
    definitions = body.pop("$defs", {})
    body["title"] = "reconcile spec, version 1"
    first = {name: body.pop(name) for name in ("title", "description", "type")}
    return {"$schema": DIALECT, "$id": SCHEMA_ID, **first, **body, "$defs": definitions}


def _flowing(value: Any) -> Any:
    """Return the schema with descriptions as running text: editors keep line breaks."""
    if isinstance(value, list):
        return [_flowing(item) for item in value]
    if not isinstance(value, dict):
        return value
    flowing = {key: _flowing(item) for key, item in value.items()}
    text = flowing.get("description")
    if isinstance(text, str):
        paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
        flowing["description"] = "\n\n".join(paragraphs)
    return flowing
