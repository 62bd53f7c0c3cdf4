"""Dataset: immutable data assets. Chat data is two of them, `<name>-train` and `<name>-test`.

One resource covers both; without rows to validate with there is the first alone. Raw data is
one asset with the name of the dataset. The version is the fingerprint of the inputs, so a plan needs no
download; what the files really hold rides in the assets' properties as SHA-256.
Source: learn.microsoft.com/azure/machine-learning/reference-yaml-data; the path of an asset
cannot be changed, a missing blob is not noticed by Azure when an asset is registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.diagnostics import ApiError, Diagnostic, UnavailableError
from reconciler.engine.contained import Announced
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import Rules
from reconciler.engine.types import JsonObject, Observed, Owner, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.data import assets
from reconciler.kinds.data.assets import same_place, same_uri
from reconciler.kinds.data.dataset_settings import (
    PARTS,
    Dataset,
    HuggingFaceSource,
    LocalSource,
    Wanted,
)
from reconciler.kinds.data.default_store import API_VERSION
from reconciler.kinds.data.manifest import compare
from reconciler.kinds.data.raw_expansion import raw_resource
from reconciler.kinds.data.raw_settings import BYTES_PROPERTY, FILES_PROPERTY, PART, RawWanted
from reconciler.kinds.data.row_checks import hub_problems, local_problems
from reconciler.kinds.data.row_expansion import row_resource
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.extensions import Contact
from reconciler.kinds.ownership import tag_owner
from reconciler.kinds.versions import other_versions
from reconciler.kinds.within import Within
from reconciler.reasons import DataCompared
from reconciler.spec.document import Document, Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec

ASSET_NAME_MAX = 255
NO_STORAGE = "the storage is not there yet, or is none that lists"
ALL = (*PARTS, PART)
AnyWanted = Wanted | RawWanted
_DOUBT = {Owner.FOREIGN: 0, Owner.NOBODY: 1, Owner.OURS: 2}


class DatasetHandler(Handler):
    """Knows the data assets of a dataset."""

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
                f"{part}.properties.{path}" for part in ALL for path in ("dataUri", "dataType")
            ),
            same={
                **{f"{part}.properties.dataUri": same_uri for part in PARTS},
                f"{PART}.properties.dataUri": same_place,
            },
            labels={
                **{f"{part}.properties.dataUri": f"{part} file" for part in PARTS},
                f"{PART}.properties.dataUri": "path",
                f"{PART}.properties.dataType": "type",
                f"{PART}.properties.properties.{FILES_PROPERTY}": "files",
                f"{PART}.properties.properties.{BYTES_PROPERTY}": "bytes",
                **{f"{part}.properties.description": "description" for part in ALL},
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
        return head if part in PARTS and not assets.is_raw(body) else name

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each dataset, its version computed from its inputs."""
        for key, settings in spec.datasets.items():
            path: Keys = ("datasets", key)
            workspace = expansion.workspace_id(path)
            if len(key) + len("-train") > ASSET_NAME_MAX:
                expansion.problem(f"`{key}` is too long to be the name of a data asset", path)
            made = _resource(key, settings, workspace, expansion)
            if workspace and made:
                expansion.add(made)

    def check(self, resource: Resource[AnyWanted], document: Document) -> Iterable[Diagnostic]:
        """Return what is wrong with local files or their rows, and rows that cannot be divided."""
        wanted = resource.settings
        path: Keys = ("datasets", resource.address.partition(".")[2])
        if isinstance(wanted, RawWanted):
            place = document.position((*path, "source", "path"))
            return [problem.at(place) for problem in wanted.problems]
        source = wanted.source
        share = None if source.given else wanted.split.test
        if isinstance(source, LocalSource):
            return local_problems(wanted, source.files, share, document, path)
        return () if share is None else hub_problems(source.split, share, document, path)

    def uploads(self, resource: Resource[AnyWanted]) -> bool:
        """Return whether files are sent: not for what is registered where it is."""
        wanted = resource.settings
        return isinstance(wanted, Wanted) or wanted.tree is not None

    def contacts(self, context: HandlerContext, resource: Resource[AnyWanted]) -> Iterator[Contact]:
        """Yield the hub, for rows that come from there."""
        wanted = resource.settings
        if isinstance(wanted, Wanted) and isinstance(wanted.source, HuggingFaceSource):
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

    def preflight(self, context: HandlerContext, resource: Resource[AnyWanted]) -> Preflight:
        """Compare what is to be registered with its list, where storage lets us."""
        wanted = resource.settings
        if not isinstance(wanted, RawWanted) or wanted.manifest is None:
            return Preflight()
        uri = str(resource.desired[PART]["properties"]["dataUri"])
        try:
            found = compare(context, wanted.workspace, uri, wanted.manifest)
        except (ApiError, UnavailableError) as error:
            return Preflight(notes=(DataCompared(unseen=error.diagnostics[0].summary),))
        told = DataCompared(*found) if found else DataCompared(unseen=NO_STORAGE)
        return Preflight(notes=(told,))

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Prepare the files, upload what is not there, register what is not there."""
        assets.publish(context, resource, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Set description and tags; nothing else of a version can change."""
        assets.retag(context, change, desired)

    def written(self, change: Change) -> Mapping[str, Announced]:
        """Return the fields of each version at its own id."""
        return assets.written(change)

    def remains(self, resource: Resource[AnyWanted]) -> str:
        """Say that what was only registered is still where it was."""
        wanted = resource.settings
        if not isinstance(wanted, RawWanted) or wanted.tree is not None:
            return ""
        place = resource.desired[PART]["properties"]["dataUri"]
        return f"`{resource.address}` was registered only: its data stays at {place}"

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the versions and the files behind them."""
        assets.withdraw(context, resource, observed)


def _resource(
    key: str, settings: Dataset, workspace: str, expansion: Expansion
) -> Resource[Any] | None:
    if source := settings.rows:
        return row_resource(key, settings, source, workspace, expansion)
    return raw_resource(key, settings, workspace, expansion)
