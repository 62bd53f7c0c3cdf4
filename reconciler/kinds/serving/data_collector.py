"""What a deployment writes down of its requests and answers, for monitoring.

Source: learn.microsoft.com/azure/machine-learning/how-to-collect-production-data. az ml states one
sampling rate for all collections; Azure keeps it on each. az ml makes a data asset for each
collection by itself; here a collection goes to the workspace's own storage unless it names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from reconciler.engine.diff import same_folded
from reconciler.engine.types import JsonObject
from reconciler.kinds.asset_references import DATA, id_of, reference_or
from reconciler.kinds.expansion import Expansion
from reconciler.spec.document import Keys
from reconciler.spec.model import Guid, SpecModel

ROLLING = {"minute": "Minute", "hour": "Hour", "day": "Day"}


def _switch(value: Any) -> Any:
    """Return what az ml writes as a text (`"true"`) as the truth value that it means."""
    words = {"true": True, "false": False}
    return words.get(value.casefold(), value) if isinstance(value, str) else value


class Collection(SpecModel):
    """One kind of data that is collected."""

    enabled: Annotated[bool, BeforeValidator(_switch)]
    """Whether it is collected."""
    data: Annotated[str, *reference_or(DATA)] | None = None
    """A data asset of type `uri_folder` that it is written to: one in this spec, `azureml:NAME:VERSION`
    or an ARM id. Default: the workspace's own storage."""
    client_id: Guid | None = None
    """The client id of the identity that writes it. Default: the endpoint's."""


class RequestLogging(SpecModel):
    """What is collected of a request besides its payload."""

    capture_headers: list[str] = Field(default_factory=list)
    """Names of HTTP headers."""


class DataCollector(SpecModel):
    """What is collected of requests and answers in production."""

    collections: dict[str, Collection]
    """`model_inputs` and `model_outputs` hold the payload, `request` and `response` too; other names
    are those that the scoring script collects."""
    rolling_rate: Literal["minute", "hour", "day"] | None = None
    """How often a new file begins. Default in Azure: every hour."""
    sampling_rate: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of requests that is collected. Default in Azure: 1.0, all of them."""
    request_logging: RequestLogging | None = None
    """What else is collected of a request."""


def collector_body(
    settings: DataCollector, workspace: str, expansion: Expansion, path: Keys
) -> JsonObject:
    """Return the block that Azure takes."""
    body: JsonObject = {
        "collections": {
            name: _collection(name, settings, workspace, expansion, path)
            for name in settings.collections
        }
    }
    if settings.rolling_rate:
        body["rollingRate"] = ROLLING[settings.rolling_rate]
    if settings.request_logging:
        body["requestLogging"] = {"captureHeaders": list(settings.request_logging.capture_headers)}
    return body


def same_collections(observed: Any, desired: Any) -> bool:
    """Compare what is collected: Azure spells its words in more than one way, and adds its own."""
    shown = observed if isinstance(observed, Mapping) else {}
    return all(_is_as(shown.get(name), stated) for name, stated in desired.items())


def _is_as(shown: Any, stated: Mapping[str, Any]) -> bool:
    held = shown if isinstance(shown, Mapping) else {}
    return all(same_folded(held.get(name), value) for name, value in stated.items())


def _collection(
    name: str, settings: DataCollector, workspace: str, expansion: Expansion, path: Keys
) -> JsonObject:
    stated = settings.collections[name]
    body: JsonObject = {"dataCollectionMode": "Enabled" if stated.enabled else "Disabled"}
    if settings.sampling_rate is not None:
        body["samplingRate"] = settings.sampling_rate
    if stated.client_id:
        body["clientId"] = stated.client_id
    if stated.data:
        place = (*path, "collections", name, "data")
        body["dataId"] = id_of(stated.data, DATA, workspace, expansion, place, "dataset")
    return body
