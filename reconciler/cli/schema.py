"""`reconcile schema`: the JSON Schema of the spec, for editors and CI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Print the JSON Schema of the spec (draft 2020-12)."
EXAMPLES = (
    "reconcile schema > reconcile.v1.schema.json",
    "# then, as the first line of a spec:",
    "# yaml-language-server: $schema=reconcile.v1.schema.json",
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:reconcile:spec:v1"


def add_arguments(parser: Parser) -> None:
    """This command has no arguments."""


def run(session: Session) -> ExitCode:
    """Print the schema, the same bytes for the same version."""
    session.out.raw(json.dumps(document(), indent=2, ensure_ascii=False))
    return ExitCode.OK


def document() -> dict[str, Any]:
    """Return the schema as plain data, the spec's own keys before the definitions."""
    from reconciler.kinds import Spec

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
