"""Rows of a spec as a resource: its version is the fingerprint of what decides the rows."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.datasets import slices
from reconciler.datasets.fingerprint import fingerprint
from reconciler.datasets.row_format import FORMATS, RowFormat
from reconciler.datasets.rows import local_file
from reconciler.datasets.survey import survey
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.data.dataset_settings import (
    Dataset,
    HuggingFaceSource,
    LocalSource,
    Rows,
    TrainTest,
    Wanted,
)
from reconciler.kinds.data.default_store import DATASTORE, FOLDER
from reconciler.kinds.data.row_checks import named
from reconciler.kinds.expansion import Expansion
from reconciler.spec.document import Keys

BESIDE = "name a .jsonl or .parquet file in the folder of the spec, or below it"


def row_resource(
    key: str, settings: Dataset, source: Rows, workspace: str, expansion: Expansion
) -> Resource[Wanted] | None:
    """Return the resource of rows; None, with a problem noted, when a file cannot be read."""
    inputs = _inputs(settings, source, expansion, ("datasets", key))
    return (
        None if inputs is None else _resource(key, settings, source, workspace, inputs, expansion)
    )


def _inputs(settings: Dataset, source: Rows, expansion: Expansion, path: Keys) -> JsonObject | None:
    """Return what decides the rows; None, with a problem noted, when a file cannot be read."""
    rules = FORMATS[settings.format]
    shared = {"format": rules.version, **({} if source.given else _division(settings.split))}
    if isinstance(source, HuggingFaceSource):
        repo = {"repo": source.repo.lower(), "revision": source.revision, "config": source.config}
        given = {part: slices.normalised(split) for part, split in source.given.items()}
        return {**shared, **repo, **(given or {"split": slices.normalised(source.split)})}
    digests = [_digest(text, rules, expansion, place) for text, place in _places(source, path)]
    if None in digests:
        return None
    return {**shared, "files": digests, **({"parts": list(source.given)} if source.given else {})}


def _division(split: TrainTest) -> JsonObject:
    return {"train": repr(split.train), "test": repr(split.test), "seed": split.seed}


def _places(source: LocalSource, path: Keys) -> Iterable[tuple[str, Keys]]:
    if source.given:
        return [(text, (*path, "source", part)) for part, text in source.given.items()]
    if source.path is not None:
        return [(source.path, (*path, "source", "path"))]
    return [(t, (*path, "source", "paths", i)) for i, t in enumerate(source.paths or ())]


def _digest(text: str, rules: RowFormat, expansion: Expansion, path: Keys) -> str | None:
    try:
        found = survey(local_file(expansion.document.folder, text, text, rules))
    except ValueError as error:
        expansion.problem(str(error), path, hint=BESIDE)
        return None
    except OSError as error:
        expansion.problem(f"{text!r} cannot be read: {error.strerror}", path, hint=BESIDE)
        return None
    name, address = named(expansion.document, text), f"{path[0]}.{path[1]}"
    expansion.problems.extend(found.warnings(name, address))
    return found.digest


def _resource(
    key: str,
    settings: Dataset,
    source: Rows,
    workspace: str,
    inputs: JsonObject,
    expansion: Expansion,
) -> Resource[Wanted]:
    version = fingerprint(inputs)
    blobs = f"{FOLDER}/{key}/{version}"
    parts = settings.parts
    ids = {part: f"{workspace}/data/{key}-{part}/versions/{version}" for part in parts}
    desired: JsonObject = {part: {"properties": {}} for part in parts}
    for part in parts:
        properties = desired[part]["properties"]
        properties["dataType"] = "uri_file"
        properties["dataUri"] = f"azureml://datastores/{DATASTORE}/paths/{blobs}/{part}.jsonl"
        properties["tags"] = expansion.tracked_tags(ids[part], settings.tags)
        if settings.description:
            properties["description"] = settings.description
    return Resource(
        f"datasets.{key}",
        "dataset",
        ids["train"],
        desired,
        settings=Wanted(
            source,
            settings.split,
            expansion.document.folder,
            workspace,
            blobs,
            tuple(inputs.get("files", ())),
            FORMATS[settings.format],
        ),
        position=expansion.document.position(("datasets", key), of_key=True),
        depends_on=frozenset({"workspace"}),
        known={**ids, "version": version},
    )
