"""One reading of how Azure ML names what is in a workspace or a registry, for every field.

`az ml`, the portal and the studio print the same model in several ways. Whichever of them a spec
copies is accepted wherever a model, data or a cluster may be named, and read as the ARM id that
the wire wants. What may mean something else tomorrow (`@latest`, a label, no version) is refused.
Source: learn.microsoft.com/azure/machine-learning/reference-yaml-core-syntax
("Referencing an Azure ML asset", "Referencing an Azure ML resource").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from reconciler.kinds.expansion import Expansion
from reconciler.secrets import shortened
from reconciler.spec.document import Keys
from reconciler.spec.model import REFERENCE, RESOURCE_ID, matching, plain_id

PROVIDER = "Microsoft.MachineLearningServices"
_SUBSCRIPTION = r"/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+"
_ML = r"/[pP]roviders/[mM]icrosoft\.[mM]achine[lL]earning[sS]ervices"
_ASSET = r"[\w.-]+/versions/[\w.-]+"
_SHORT = re.compile(r"azureml:(?P<name>[\w.-]+):(?P<version>[\w.-]+)")
_LONG = re.compile(
    rf"azureml:/(?P<group>{_SUBSCRIPTION})(?:{_ML})?/[wW]orkspaces/(?P<rest>[^/]+/.+)"
)
_UNPINNED = re.compile(r"@latest$|/labels/[^/]+$")
_BARE = re.compile(r"\A(?:azureml:[\w.-]+|[^ ]*/(?:models|data|environments|codes)/[^/]+)\Z")
VERSIONS = "`azureml:NAME:VERSION` or `.../NAME/versions/VERSION`"


@dataclass(frozen=True)
class Asset:
    """A kind of asset: its collection in Azure, and what people call it."""

    collection: str
    word: str

    @property
    def pattern(self) -> str:
        """What the JSON Schema says of it; editors have no case folding."""
        home = rf"(azureml:)?{_SUBSCRIPTION}{_ML}/([wW]orkspaces|[rR]egistries)/[^/]+"
        long = rf"azureml:/{_SUBSCRIPTION}({_ML})?/[wW]orkspaces/[^/]+"
        return (
            rf"^(azureml://registries/[\w-]+/{self.collection}/{_ASSET}"
            rf"|({home}|{long})/{self.collection}/{_ASSET}"
            r"|azureml:[\w.-]+:[\w.-]+)/?$"
        )

    @property
    def forms(self) -> str:
        """What can be written for one."""
        path = f"{self.collection}/NAME/versions/VERSION"
        return f"its ARM id, `azureml:NAME:VERSION`, or `azureml://registries/REGISTRY/{path}`"


MODEL = Asset("models", "model")
ENVIRONMENT = Asset("environments", "environment")
CODE = Asset("codes", "code version")
DATA = Asset("data", "data asset")
CLUSTER = rf"{REFERENCE}|{RESOURCE_ID}|^azureml:[A-Za-z][A-Za-z0-9-]{{1,31}}$"


def pinned(text: str) -> str:
    """Return a reference to an asset as it is sent, but for the short form (`asset_id`).

    A path in a datastore is its own name, whatever its folders are called.
    Raises `ValueError` for one that can mean another asset from day to day.
    """
    plain = whole_id(text)
    if "/paths/" in plain:
        return plain
    if _UNPINNED.search(plain):
        raise ValueError(f"{shortened(text, 80)!r} can change from day to day: give a version")
    if _BARE.fullmatch(plain):
        raise ValueError(f"{shortened(text, 80)!r} has no version: add it, as in {VERSIONS}")
    return plain


def asset_reference(text: str, asset: Asset = MODEL) -> str:
    """Return a reference to one version of an asset. Raises `ValueError` for anything else."""
    plain = pinned(text)
    if not re.search(asset.pattern, text):
        raise ValueError(f"{shortened(text, 80)!r} is not a {asset.word}: write {asset.forms}")
    return plain


def whole_id(text: str) -> str:
    """Return the ARM id that `azureml:/...` and `azureml://subscriptions/...` stand for.

    Without the slash at its end; any other text as it is.
    """
    text = plain_id(text)
    long = _LONG.fullmatch(text)
    if long and "/paths/" not in text:
        return f"{long['group']}/providers/{PROVIDER}/workspaces/{long['rest']}"
    return text


def asset_id(text: str, workspace: str, collection: str) -> str:
    """Return `azureml:NAME:VERSION` as the ARM id that the wire wants; others as they are."""
    match = _SHORT.fullmatch(text)
    if not match:
        return whole_id(text)
    return f"{workspace}/{collection}/{match['name']}/versions/{match['version']}"


def cluster_id(text: str, workspace: str) -> str:
    """Return `azureml:NAME` as the ARM id of a cluster of a workspace; others as they are."""
    name = re.fullmatch(r"azureml:([\w-]+)", text)
    return f"{workspace}/computes/{name[1]}" if name else plain_id(text)


def reference_or(asset: Asset) -> tuple[AfterValidator, Any]:
    """Return what makes a text field one that takes a reference, or one version of an asset."""

    def read(text: str) -> str:
        return text if re.search(REFERENCE, text) else asset_reference(text, asset)

    pattern = f"{REFERENCE}|{asset.pattern}"
    return AfterValidator(read), Field(json_schema_extra={"pattern": pattern})


def id_of(
    text: str, asset: Asset, workspace: str, expansion: Expansion, path: Keys, *kinds: str
) -> Any:
    """Return what a field that takes `reference_or` stands for on the wire."""
    return expansion.reference(asset_id(text, workspace, asset.collection), path, kinds=kinds)


ModelVersion = Annotated[
    str, AfterValidator(asset_reference), Field(json_schema_extra={"pattern": MODEL.pattern})
]
"""One version of a model, of a workspace or a registry."""

Cluster = Annotated[
    str,
    matching(
        CLUSTER,
        "a reference such as `${{ compute.NAME }}`, `azureml:NAME` for a cluster of the workspace, "
        "or its full resource id",
    ),
    AfterValidator(plain_id),
]
"""A cluster, in this spec or in the workspace."""
