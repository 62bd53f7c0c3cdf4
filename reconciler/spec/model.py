"""What every section's model shares: strictness, common field types, words for problems.

The sections themselves stand beside their handlers in `kinds/`. Field names are az ml's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema

from reconciler.spec.hover import texts


class SpecModel(BaseModel):
    """A part of the spec: unknown keys are refused, types are strict, values frozen."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        defer_build=True,
        protected_namespaces=(),
    )

    @model_validator(mode="before")
    @classmethod
    def _with_our_spellings(cls, stated: Any) -> Any:
        """Return what is stated with Azure's spellings of words (`AMLToken`) as those of the spec."""
        if not isinstance(stated, dict):
            return stated
        words = _words_of(cls)
        return {
            key: words[key].get(_plain(value), value)
            if key in words and isinstance(value, str)
            else value
            for key, value in stated.items()
        }

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Put the docstrings of the fields into the JSON Schema, for editors."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in texts(cls).items():
            info = cls.model_fields.get(name)
            shown = properties.get((info and info.alias) or name)
            if shown is not None:
                shown["description"] = text
        return schema


@cache
def _words_of(model: type[BaseModel]) -> dict[str, dict[str, str]]:
    """Return the words that each field takes, by how they read without case and `_`."""
    found: dict[str, dict[str, str]] = {}
    for name, field in model.model_fields.items():
        words = [word for word in _literals(field.annotation) if isinstance(word, str)]
        if words:
            found[name] = {_plain(word): word for word in words}
    return found


def _literals(annotation: Any) -> Iterator[Any]:
    """Yield what a type takes literally, also where it may be absent or has metadata."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (Union, UnionType, Annotated):
        for inner in get_args(annotation):
            yield from _literals(inner)


def _plain(word: str) -> str:
    return word.replace("_", "").casefold()


RESOURCE_ID = (
    r"^(azureml:)?/[sS]ubscriptions/[0-9a-fA-F-]{36}/[rR]esource[gG]roups/[^/]+/[pP]roviders/[^/]+"
    r"(/[^/]+/[^/]+)+/?$"
)
"""A resource id as Azure prints it, or as `az ml` has it in its files: after `azureml:`."""
REFERENCE = r"^\$\{\{\s*[a-z_]+(\.[A-Za-z0-9_-]+)*\s*\}\}$"
_IN_FILES = re.compile(r"azureml:/subscriptions/", re.IGNORECASE)
GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

PATTERN_WORDS: dict[str, str] = {}
"""What a pattern asks for, in words: an error says this in place of the expression."""


def matching(pattern: str, words: str, **limits: int) -> StringConstraints:
    """Return the constraint of a text field, and keep the words that explain it.

    Raises `ValueError` for a pattern that is explained in other words already.
    """
    if PATTERN_WORDS.setdefault(pattern, words) != words:
        raise ValueError(f"{pattern} is {PATTERN_WORDS[pattern]} elsewhere, not {words}")
    return StringConstraints(pattern=pattern, **limits)  # type: ignore[arg-type]  # lengths only


A_REFERENCE = "a reference such as `${{ section.name }}`"
AN_ID = "the full resource id of something that exists, starting with `/subscriptions/`"


def plain_id(text: str) -> str:
    """Return an id without `azureml:` before it, and the slash that portals leave at its end."""
    plain = text.rstrip("/")
    return plain.partition(":")[2] if _IN_FILES.match(plain) else plain


ResourceId = Annotated[str, matching(RESOURCE_ID, AN_ID), AfterValidator(plain_id)]
"""The full ARM id of something that exists already."""

RefOrId = Annotated[
    str,
    matching(f"{REFERENCE}|{RESOURCE_ID}", f"{A_REFERENCE}, or {AN_ID}"),
    AfterValidator(plain_id),
]
"""A reference, or the ARM id of something outside this spec."""

Guid = Annotated[str, matching(GUID, "a GUID: 32 hexadecimal digits in five groups")]
"""An id of Entra ID or of a subscription."""

RESERVED_TAGS = ("microsoft", "azure", "windows", "reconcile-")
"""What no name of a tag may begin with: three are Azure's, the last holds our marks."""


def unreserved(name: str) -> str:
    """Return a tag's name. Raises `ValueError` for one that only Azure or we may write."""
    for prefix in RESERVED_TAGS:
        if name.casefold().startswith(prefix):
            raise ValueError(f"a tag name cannot begin with `{prefix}`: it is reserved")
    return name


Tags = Annotated[
    dict[
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=128, pattern=r"^[^<>%&\\?/]+$"),
            AfterValidator(unreserved),
        ],
        Annotated[str, StringConstraints(max_length=256)],
    ],
    Field(max_length=45),
]
"""ARM tags: names of 1 to 128 characters without <>%&\\?/, values up to 256.

A storage account takes names of 128 only, all else 512. Azure keeps 50 tags on a resource;
five places are for our own.
Source: learn.microsoft.com/azure/azure-resource-manager/management/tag-resources.
"""


def not_a_mark(name: str) -> str:
    """Return a tag's name. Raises `ValueError` for one that only we may write."""
    if name.casefold().startswith(RESERVED_TAGS[-1]):
        raise ValueError(f"a tag name cannot begin with `{RESERVED_TAGS[-1]}`: it is reserved")
    return name


AssetTags = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(not_a_mark)],
        Annotated[str, StringConstraints(max_length=1024)],
    ],
    Field(max_length=45),
]
"""Tags of what Azure Resource Manager does not tag: a property of an asset or of a run."""


def plain_location(text: str) -> str:
    """Return a region's name for its display name too: `westeurope` for `West Europe`."""
    return text.replace(" ", "").lower()


Location = Annotated[
    str,
    matching(
        r"^[A-Za-z]{2,}( ?[A-Za-z0-9]+){0,4}$",
        "a region as Azure names it: `eastus`, `swedencentral`",
        min_length=3,
        max_length=40,
    ),
    AfterValidator(plain_location),
]
"""An Azure region as `az account list-locations` names it, by `name` (`westeurope`) or by
`displayName` (`West Europe`)."""


def number_as_text(value: Any) -> Any:
    """Return a whole number as text, as az ml takes it; anything else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def text_or_map(value: Any) -> str:
    """Tell an existing thing (its id as text) from one to create (a map)."""
    return "existing" if isinstance(value, str) else "create"


Text = TypeVar("Text")
Created = TypeVar("Created")
TextOr = Annotated[
    Annotated[Text, Tag("existing")] | Annotated[Created, Tag("create")],
    Discriminator(text_or_map),
]
"""A field that takes a text or, in more words, a map: one error for both."""
ExistingOr = TextOr[ResourceId, Created]
"""A field that takes a resource id, or a map that creates the thing."""


class Target(SpecModel):
    """Where everything goes: one resource group in one subscription."""

    subscription_id: Guid
    """The subscription's id, as `az account show` prints it."""
    resource_group: Annotated[
        str,
        matching(
            r"^[-A-Za-z0-9_.()]{0,89}[-A-Za-z0-9_()]$",
            "1 to 90 letters, digits and -_.(), no period at the end",
        ),
    ]
    """The resource group. Created if it does not exist."""
    location: Location
    """The region for everything this spec creates."""


class Lifecycle(SpecModel):
    """Protection and exceptions for a resource; the key is its address, or a section."""

    protect: bool | None = None
    """Refuse to delete or replace it. Storage accounts, key vaults, workspaces, hubs, projects and
    models are protected unless this is `false`."""
    allow_retired: bool = False
    """Warn about a retired VM size instead of failing."""
    ignore: list[str] = Field(default_factory=list)
    """Fields that are set at create and then left to others, in the words of the spec:
    `instance_count` under autoscale, `tags.costcenter` under a policy."""
    accept: dict[str, str] = Field(default_factory=dict)
    """Warnings of a plan that you know of, by their id, each with the reason:
    `not-stated.allow_shared_key_access: "an old mount needs it"`. Each is then one line and no
    warning any more. What loses data, stops answers or stops the plan cannot be accepted."""
    enforce_defaults: bool = False
    """Also restore settings that the spec does not state, when somebody changes them. Without it
    the plan only tells that they differ from the default."""


class AssignedIdentity(SpecModel):
    """An identity, as az ml names one."""

    resource_id: RefOrId
    """A reference to an identity in this spec, or a resource id."""


class Identity(SpecModel):
    """The identity that Azure gives the resource."""

    type: Literal["system_assigned", "user_assigned"] = "system_assigned"
    """A system-assigned identity, or user-assigned ones that you name."""
    user_assigned_identities: list[TextOr[RefOrId, AssignedIdentity]] = Field(default_factory=list)
    """References to identities in this spec, or resource ids; az ml's `{resource_id: ...}` too."""

    @property
    def assigned(self) -> list[str]:
        """The identities that are named, in whichever form."""
        named = self.user_assigned_identities
        return [one if isinstance(one, str) else one.resource_id for one in named]


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kebab(text: str) -> str:
    """Return `Storage Blob Data Reader` or `AcrPull` as an address part: `acr-pull`."""
    return re.sub(r"[^a-z0-9]+", "-", _CAMEL.sub("-", text).lower()).strip("-")
