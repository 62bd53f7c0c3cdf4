"""The mark that says "ours": a tag with the spec's name, bound to the one resource it sits on.

Pure. A mark copied to another resource (a clone, a template, a script) does not fit that
resource's id and counts for nothing, so nothing that we did not make is ever taken for ours.
"""

from __future__ import annotations

import hashlib

from reconciler.engine.types import JsonObject, Observed, Owner

OWNER_TAG = "reconcile-owner"
MARK_VERSION = "v1"


def mark(owner: str, resource_id: str) -> str:
    """Return the text that says "ours", bound to the very resource it sits on."""
    bound = hashlib.sha256(f"{owner}\n{resource_id.lower()}".encode()).hexdigest()[:16]
    return f"{MARK_VERSION}:{owner}:{bound}"


def owner_of(text: object, owner: str, resource_id: str) -> tuple[Owner, str]:
    """Return whose mark a text is, and the name in it.

    A mark that does not match the id it sits on is a copy and counts for nothing.
    """
    if not isinstance(text, str):
        return Owner.NOBODY, ""
    version, _, rest = text.partition(":")
    name = rest.rpartition(":")[0]
    if version != MARK_VERSION or not name or text != mark(name, resource_id):
        return Owner.NOBODY, ""
    return (Owner.OURS if name == owner else Owner.FOREIGN), name


def tag_owner(body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
    """Return whose mark the tags of a resource carry (tag names match in any case)."""
    tags = body.get("tags") or (body.get("properties") or {}).get("tags") or {}
    folded = {key.casefold(): value for key, value in tags.items()}
    return owner_of(folded.get(OWNER_TAG), owner, resource_id)


def is_ours(observed: Observed) -> bool:
    """Return whether we may delete what was observed."""
    return observed.owner is Owner.OURS
