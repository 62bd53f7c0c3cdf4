"""The section `datasets` of the spec: where data comes from, and how rows are divided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from reconciler.datasets import slices
from reconciler.datasets.row_format import CHAT, RowFormat
from reconciler.kinds.data.raw_settings import (
    PART,
    RAW_TYPES,
    AssetType,
    DatastoreSource,
    LocalFile,
    LocalFolder,
    LocalRaw,
    LocalTable,
    Registered,
    UrlSource,
    type_of,
)
from reconciler.secrets import shortened
from reconciler.spec.model import SpecModel, Tags

PARTS = ("train", "test")
RAW_LOCAL = "`local_file`, `local_folder` or `mltable`"
VERSION = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$"
SHARE_DIGITS = 9
"""How many digits of a share count: `0.30000000000000004` is `0.3`."""

RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Share = Annotated[float, Field(gt=0, lt=1)]


class HuggingFaceSource(SpecModel):
    """Rows of a Hugging Face dataset, at one commit."""

    type: Literal["huggingface"]
    """Where the rows come from."""
    repo: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,96}/[A-Za-z0-9_.-]{1,96}$")]
    """`owner/name` of the dataset."""
    revision: str
    """The full commit hash, 40 hex digits. A branch or tag is refused because it can move."""
    config: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,96}$")] = "default"
    """The configuration (subset) of the dataset."""
    split: str = "train"
    """Which rows, in the syntax of the `datasets` library: `train_sft[:1%]`,
    `train[10:20]+test[-5:]`. They are divided into a train and a test file."""
    train_split: str | None = None
    """The rows to train with, in place of `split`: nothing is divided then."""
    test_split: str | None = None
    """The rows to validate with, beside `train_split`."""

    @field_validator("repo", "config")
    @classmethod
    def _name(cls, value: str) -> str:
        if not {".", ".."}.isdisjoint(value.split("/")):
            raise ValueError(f"{value!r} is a path, not a name on the hub")
        return value

    @field_validator("revision")
    @classmethod
    def _commit(cls, value: str) -> str:
        if len(value) != 40 or set(value) - set("0123456789abcdef"):
            raise ValueError(
                f"{shortened(value, 60)!r} is not a full commit (40 hex digits), and a branch or "
                "tag can move: copy the commit from the dataset's page (Files and versions, "
                "History) or from `git ls-remote https://huggingface.co/datasets/OWNER/NAME main`"
            )
        return value

    @field_validator("split", "train_split", "test_split")
    @classmethod
    def _split(cls, value: str | None) -> str | None:
        if value is not None:
            slices.parse(value)
        return value

    @model_validator(mode="after")
    def _one(self) -> HuggingFaceSource:
        if self.train_split is None and self.test_split is not None:
            raise ValueError("`test_split` needs `train_split`; to divide rows, give `split` alone")
        if self.train_split is not None and "split" in self.model_fields_set:
            raise ValueError("give either `split` or `train_split`")
        return self

    @property
    def given(self) -> dict[str, str]:
        """The rows of each part; none where the rows are to be divided."""
        return _stated(train=self.train_split, test=self.test_split)


class LocalSource(SpecModel):
    """Rows of local files next to the spec: JSON Lines or Parquet."""

    type: Literal["local"]
    """Where the rows come from."""
    path: RelativePath | None = None
    """One file, relative to the spec, in its folder or below."""
    paths: list[RelativePath] | None = Field(default=None, min_length=1, max_length=1000)
    """Several files, read in this order."""
    train: RelativePath | None = None
    """The file to train with, in place of `path`: nothing is divided then."""
    test: RelativePath | None = None
    """The file to validate with, beside `train`."""

    @model_validator(mode="after")
    def _one(self) -> LocalSource:
        if self.train is None and self.test is not None:
            raise ValueError("`test` needs `train`; to divide one file, give `path`")
        if sum(one is not None for one in (self.path, self.paths, self.train)) != 1:
            raise ValueError("give either `path` or `paths`, or `train` with or without `test`")
        return self

    @property
    def given(self) -> dict[str, str]:
        """The file of each part; none where the rows are to be divided."""
        return _stated(train=self.train, test=self.test)

    @property
    def files(self) -> list[str]:
        """The paths as written, in order."""
        if self.given:
            return list(self.given.values())
        return [self.path] if self.path is not None else list(self.paths or ())


def _stated(**parts: str | None) -> dict[str, str]:
    return {name: text for name, text in parts.items() if text is not None}


class TrainTest(SpecModel):
    """How the rows are divided. The same seed always gives the same split."""

    train: Share = 0.8
    """The share used for training."""
    test: Share = 0.2
    """The share used for validation."""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 42
    """Seed of the random split; any number."""

    @field_validator("train", "test")
    @classmethod
    def _rounded(cls, value: float) -> float:
        return round(value, SHARE_DIGITS)

    @model_validator(mode="after")
    def _whole(self) -> TrainTest:
        if abs(self.train + self.test - 1) > 1e-9:
            raise ValueError(f"`train` and `test` add up to {self.train + self.test:g}, not 1")
        return self


Rows = HuggingFaceSource | LocalSource
AnySource = Rows | LocalFile | LocalFolder | LocalTable | DatastoreSource | UrlSource


class Dataset(SpecModel):
    """Data of the workspace: rows for a fine-tuning job, or files and folders as they are."""

    source: Annotated[AnySource, Field(discriminator="type")]
    """Where the data comes from."""
    format: Literal["chat", "text", "raw"] = "chat"
    """`chat`: each row is `{"messages": [{"role", "content"}, ...]}`; `text`: each row is
    `{"prompt", "completion"}` or `{"text"}`; every row is checked. `raw`: taken as it is, which is what every source but `huggingface` and `local` means."""
    type: AssetType | None = None
    """The type of raw data; what is uploaded says it by its source."""
    version: Annotated[str, StringConstraints(pattern=VERSION)] | None = None
    """The version of what is registered where it is; made of its address unless stated. What is
    uploaded has the digest of its content as its version."""
    split: TrainTest = Field(default_factory=TrainTest)
    """How the rows are divided into a train and a test file, unless both are given."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @model_validator(mode="before")
    @classmethod
    def _of_raw_data(cls, stated: Any) -> Any:
        """Return what is stated with the format that its source means."""
        source = stated.get("source") if isinstance(stated, dict) else None
        kind = source.get("type") if isinstance(source, dict) else None
        if kind in RAW_TYPES and "format" not in stated:
            return {**stated, "format": "raw"}
        return stated

    @model_validator(mode="after")
    def _fits(self) -> Dataset:
        source, stated = self.source, self.model_fields_set
        if not isinstance(source, HuggingFaceSource | LocalSource):
            _check_raw(source, self, stated)
        elif self.format == "raw":
            raise ValueError(f"a {source.type} source has rows; for raw data use {RAW_LOCAL}")
        elif self.type or self.version:
            raise ValueError("`type` and `version` are for raw data: rows get theirs by content")
        elif source.given and "split" in stated:
            raise ValueError("the train and test rows are given: remove `split`")
        return self

    @property
    def rows(self) -> Rows | None:
        """The source of rows, None for raw data."""
        return self.source if isinstance(self.source, HuggingFaceSource | LocalSource) else None

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that become data assets."""
        return (tuple(self.rows.given) or PARTS) if self.rows else (PART,)


def _check_raw(source: LocalRaw | Registered, settings: Dataset, stated: set[str]) -> None:
    if settings.format != "raw":
        raise ValueError(f"a {source.type} source is raw data: rows come from local or huggingface")
    if "split" in stated:
        raise ValueError("raw data is not divided: remove `split`")
    type_of(source, settings.type)
    if settings.version and isinstance(source, LocalRaw):
        raise ValueError("what is uploaded has the digest of its content as its version")
    if settings.version and isinstance(source, Registered) and source.manifest:
        raise ValueError("the digest of the `manifest` is the version: remove one of the two")


@dataclass(frozen=True)
class Wanted:
    """What preparing the files of rows takes, beyond the body.

    `blobs`: the folder in the container; `digests`: what the local files meant when planned.
    """

    source: Rows
    split: TrainTest
    folder: Path
    workspace: str
    blobs: str
    digests: tuple[str, ...] = ()
    format: RowFormat = CHAT
