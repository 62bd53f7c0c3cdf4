"""Dataset: chat data as immutable data assets, `<name>-train` and `<name>-test`.

One resource covers both; without rows to validate with there is the first alone. The version is the fingerprint of the inputs, so a plan needs no
download; what the files really hold rides in the assets' properties as SHA-256.
Source: learn.microsoft.com/azure/machine-learning/reference-yaml-data; the path of an asset
cannot be changed, a missing blob is not noticed by Azure when an asset is registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from reconciler.datasets import slices
from reconciler.datasets.fingerprint import FORMAT, fingerprint
from reconciler.datasets.rows import local_file
from reconciler.datasets.survey import survey
from reconciler.diagnostics import Diagnostic
from reconciler.engine.contained import Announced
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules
from reconciler.engine.types import JsonObject, Observed, Owner, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.data import assets
from reconciler.kinds.data.assets import same_uri
from reconciler.kinds.data.dataset_settings import (
    PARTS,
    Dataset,
    HuggingFaceSource,
    LocalSource,
    TrainTest,
    Wanted,
)
from reconciler.kinds.data.default_store import API_VERSION, DATASTORE
from reconciler.kinds.data.row_checks import hub_problems, local_problems, named
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.extensions import Contact
from reconciler.kinds.ownership import tag_owner
from reconciler.kinds.versions import other_versions
from reconciler.kinds.within import Within
from reconciler.spec.document import Document, Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec

FOLDER = "reconcile"
ASSET_NAME_MAX = 255


class DatasetHandler(Handler):
    """Knows the pair of data assets."""

    kind = "dataset"
    section = "datasets"
    type = "Microsoft.MachineLearningServices/workspaces/data/versions"
    api_version = "2026-05-01"
    attributes = Attributes(
        frozenset({"id", "train", "test", "version"}), optional=frozenset(PARTS)
    )
    keeps_history = True
    put_replaces = True
    read_only = frozenset({"properties.provisioningState"})
    within = (Within("workspace", "data"),)
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset(
                f"{part}.properties.{path}" for part in PARTS for path in ("dataUri", "dataType")
            ),
            same={f"{part}.properties.dataUri": same_uri for part in PARTS},
            labels={
                **{f"{part}.properties.dataUri": f"{part} file" for part in PARTS},
                **{f"{part}.properties.description": "description" for part in PARTS},
            },
        )
    )

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return the versions of data that the spec does not name."""
        return other_versions(context, f"{parent}/{collection}", API_VERSION)

    def key_in(self, body: JsonObject) -> str:
        """Return the key of the dataset that an asset is a part of."""
        name = str(body["id"]).rpartition("/versions/")[0].rpartition("/")[2]
        head, _, part = name.rpartition("-")
        return head if part in PARTS else name

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each dataset, its version computed from its inputs."""
        for key, settings in spec.datasets.items():
            path: Keys = ("datasets", key)
            workspace = expansion.workspace_id(path)
            if len(key) + len("-train") > ASSET_NAME_MAX:
                expansion.problem(f"`{key}` is too long to be the name of a data asset", path)
            inputs = _inputs(settings, expansion, path)
            if workspace and inputs is not None:
                expansion.add(_resource(key, settings, workspace, inputs, expansion))

    def check(self, resource: Resource[Wanted], document: Document) -> Iterable[Diagnostic]:
        """Return what is wrong in the rows of local files, and rows that cannot be divided."""
        wanted = resource.settings
        path: Keys = ("datasets", resource.address.partition(".")[2])
        source = wanted.source
        share = None if source.given else wanted.split.test
        if isinstance(source, LocalSource):
            return local_problems(source.files, share, document, path)
        return () if share is None else hub_problems(source.split, share, document, path)

    def contacts(self, context: HandlerContext, resource: Resource[Wanted]) -> Iterator[Contact]:
        """Yield the hub, for rows that come from there."""
        if isinstance(resource.settings.source, HuggingFaceSource):
            yield Contact("Hugging Face", context.run.cloud.hub)

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Read the versions; the dataset exists when all of them do."""
        ids = {part: str(resource.known[part]) for part in resource.desired}
        bodies = {part: context.reads.get(one, API_VERSION) for part, one in ids.items()}
        found = {part: body for part, body in bodies.items() if body is not None}
        seen = self.observed(context, resource, found)
        return None if len(found) < len(ids) and seen.owner is Owner.OURS else seen

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what the versions that exist say; the least trusted mark counts for both."""
        marks = [
            tag_owner(body[part], context.owner, str(resource.known[part]))
            for part in resource.desired
            if part in body
        ]
        owner, name = min(marks, key=lambda m: _DOUBT[m[0]], default=(Owner.OURS, ""))
        return Observed(body, dict(resource.known), owner, owner_name=name)

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Prepare the files, upload what is not there, register what is not there."""
        assets.publish(context, resource, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Set description and tags; nothing else of a version can change."""
        assets.retag(context, change, desired)

    def written(self, change: Change) -> Mapping[str, Announced]:
        """Return the fields of each version at its own id."""
        return assets.written(change)

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the versions and the files behind them."""
        assets.withdraw(context, resource, observed)


BESIDE = "name a .jsonl or .parquet file in the folder of the spec, or below it"
_DOUBT = {Owner.FOREIGN: 0, Owner.NOBODY: 1, Owner.OURS: 2}


def _inputs(settings: Dataset, expansion: Expansion, path: Keys) -> JsonObject | None:
    """Return what decides the rows; None, with a problem noted, when a file cannot be read."""
    source = settings.source
    shared = {"format": FORMAT, **({} if source.given else _division(settings.split))}
    if isinstance(source, HuggingFaceSource):
        repo = {"repo": source.repo.lower(), "revision": source.revision, "config": source.config}
        given = {part: slices.normalised(split) for part, split in source.given.items()}
        return {**shared, **repo, **(given or {"split": slices.normalised(source.split)})}
    digests = [_digest(text, expansion, place) for text, place in _places(source, path)]
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


def _digest(text: str, expansion: Expansion, path: Keys) -> str | None:
    try:
        found = survey(local_file(expansion.document.folder, text, text))
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
    key: str, settings: Dataset, workspace: str, inputs: JsonObject, expansion: Expansion
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
        DatasetHandler.kind,
        ids["train"],
        desired,
        settings=Wanted(
            settings.source,
            settings.split,
            expansion.document.folder,
            workspace,
            blobs,
            tuple(inputs.get("files", ())),
        ),
        position=expansion.document.position(("datasets", key), of_key=True),
        depends_on=frozenset({"workspace"}),
        known={**ids, "version": version},
    )
