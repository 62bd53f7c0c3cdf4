"""What a fine-tuning job reads: the bytes behind a data reference, and chat lines in them.

Source of the row form: azure-facts section 13. Every refusal names file, line and cause, as the
training component's `UserError` does; its exact wording was never recorded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ml

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
ROLES = ("system", "user", "assistant", "tool")
_VERSION = re.compile(r"/data/([^/]+)/versions/([^/]+)$")


class DataError(Exception):
    """Training data that cannot be used; the message names file, line and cause."""


@dataclass(frozen=True)
class Place:
    """Where bytes lie: in a container of blob storage, or in a file share."""

    account: str
    container: str
    path: str
    is_share: bool = False


def find(world: World, workspace: str, reference: str) -> Place:
    """Return where the data of a job input lies. Raises DataError if the reference is wrong."""
    uri = _data_uri(world, workspace, reference)
    blob = ml.locate(world, workspace, uri) or _blob_url(world, uri)
    if blob is not None:
        return Place(*blob)
    file = ml.locate_file(world, workspace, uri)
    if file is None:
        raise DataError(f"The data reference '{reference}' leads to no datastore ({uri}).")
    return Place(*file, is_share=True)


def _data_uri(world: World, workspace: str, reference: str) -> str:
    bare = reference.removeprefix("azureml:") if "://" not in reference else reference
    named = _VERSION.search(bare)
    if named is not None:
        version = f"{workspace}/data/{named[1]}/versions/{named[2]}"
    elif "://" not in bare and ":" in bare:
        name, _, number = bare.partition(":")
        version = f"{workspace}/data/{name}/versions/{number}"
    else:
        return bare
    record = world.store.get(version)
    if record is None:
        raise DataError(f"The data asset '{reference}' was not found.")
    return str(record.body["properties"]["dataUri"])


def _blob_url(world: World, uri: str) -> tuple[str, str, str] | None:
    prefix = f"{world.base_url}/_blob/"
    if not uri.startswith(prefix):
        return None
    account, _, rest = uri.removeprefix(prefix).partition("/")
    container, _, path = rest.partition("/")
    return account, container, path.strip("/")


def read(world: World, place: Place) -> list[tuple[str, bytes]]:
    """Return (name, bytes) of the file, or of every JSONL file below the folder."""
    store = world.files if place.is_share else world.blobs
    content = store.get(place.account, place.container, place.path)
    if content is not None:
        return [(place.path.rsplit("/", 1)[-1], content)]
    names = store.list(place.account, place.container, place.path.rstrip("/") + "/")
    files = [name for name in names if name.endswith((".jsonl", ".json"))]
    if not files:
        kind = "share" if place.is_share else "container"
        raise DataError(
            f"The file '{place.path}' was not found in {kind} '{place.container}' of storage "
            f"account '{place.account}'."
        )
    found = ((name, store.get(place.account, place.container, name)) for name in files)
    return [(name.rsplit("/", 1)[-1], data) for name, data in found if data is not None]


def conversations(files: list[tuple[str, bytes]], task: str = "") -> list[Json]:
    """Return `{"messages": [...]}` of every line. Raises DataError on the first bad one."""
    is_text = task.casefold() == "textcompletion"
    rows = [row for name, content in files for row in _rows(name, content, is_text=is_text)]
    if not rows:
        raise DataError(f"The file '{files[0][0]}' has no rows.")
    return rows


def _rows(name: str, content: bytes, *, is_text: bool) -> list[Json]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"The file '{name}' is not UTF-8 text: {error.reason}.") from error
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
                is_chat = not is_text or (isinstance(row, dict) and "messages" in row)
                rows.append({"messages": _messages(row) if is_chat else _completion(row)})
            except (ValueError, DataError) as error:
                raise DataError(f"Line {number} of '{name}' is not usable: {error}.") from error
    return rows


def _completion(row: Any) -> list[Json]:
    """Return a prompt and its completion as a turn; of a text alone, its halves."""
    if not isinstance(row, dict):
        raise DataError("it is no object")
    prompt, completion = row.get("prompt"), row.get("completion")
    if isinstance(row.get("text"), str) and prompt is None and completion is None:
        words = row["text"].split()
        prompt, completion = " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])
    if not isinstance(prompt, str) or not isinstance(completion, str) or not completion.strip():
        raise DataError("it needs `prompt` and `completion`, or `text`")
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]


def _messages(row: Any) -> list[Json]:
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list) or not messages:
        raise DataError("it needs a list `messages`")
    kept = []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if role not in ROLES:
            raise DataError(f"the role {role!r} is not one of {', '.join(ROLES)}")
        if not isinstance(content, str):
            raise DataError(f"the content of a {role} message is not text")
        kept.append({"role": role, "content": content})
    roles = {message["role"] for message in kept}
    if not {"user", "assistant"} <= roles:
        raise DataError("it needs at least one user and one assistant message")
    return kept
