"""HTTP conditions and ranges, as the storage services apply them."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Protocol

from multidict import CIMultiDictProxy

from reconciler.sandbox.storage.errors import NotModified, StorageError

Headers = CIMultiDictProxy[str]
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Versioned(Protocol):
    """Anything with an entity tag and a time of change in seconds since 1970."""

    @property
    def etag(self) -> str: ...
    @property
    def modified(self) -> float: ...


def check_read(headers: Headers, found: Versioned) -> None:
    """Raise `NotModified` or the 412 fault where a read's conditions say so."""
    if not _matches(headers.get("If-Match"), found, default=True):
        raise StorageError("ConditionNotMet")
    if _matches(headers.get("If-None-Match"), found, default=False):
        raise NotModified(found.etag)
    if _changed_since(headers.get("If-Modified-Since"), found, default=True) is False:
        raise NotModified(found.etag)
    if _changed_since(headers.get("If-Unmodified-Since"), found, default=False):
        raise StorageError("ConditionNotMet")


def check_write(headers: Headers, found: Versioned | None) -> None:
    """Raise the fault of a write whose conditions do not hold for what is there now.

    `If-None-Match: *` on something that exists is BlobAlreadyExists (409), not 412.
    """
    none_match = headers.get("If-None-Match")
    if found is None:
        if "If-Match" in headers:
            raise StorageError("ConditionNotMet")
        return
    if none_match == "*":
        raise StorageError("BlobAlreadyExists")
    if not _matches(headers.get("If-Match"), found, default=True):
        raise StorageError("ConditionNotMet")
    if _matches(none_match, found, default=False):
        raise StorageError("ConditionNotMet")
    if not _changed_since(headers.get("If-Modified-Since"), found, default=True):
        raise StorageError("ConditionNotMet")
    if _changed_since(headers.get("If-Unmodified-Since"), found, default=False):
        raise StorageError("ConditionNotMet")


def requested_range(headers: Headers, size: int) -> tuple[int, int] | None:
    """(start, end) with `end` excluded, or None when the whole is wanted.

    `x-ms-range` wins over `Range`. Raises InvalidRange for a start beyond the end, which is
    also the answer for any range of an empty blob; a range of another form is ignored.
    """
    match = _RANGE.fullmatch(headers.get("x-ms-range", headers.get("Range", "")).strip())
    if match is None:
        return None
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if start >= size or start >= end:
        raise StorageError("InvalidRange", headers={"Content-Range": f"bytes */{size}"})
    return start, end


def _matches(header: str | None, found: Versioned, *, default: bool) -> bool:
    if header is None:
        return default
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return "*" in tags or found.etag.strip('"') in tags


def _changed_since(header: str | None, found: Versioned, *, default: bool) -> bool:
    if header is None:
        return default
    try:
        return int(found.modified) > parsedate_to_datetime(header).timestamp()
    except ValueError as error:
        raise StorageError("InvalidHeaderValue", f"{header!r} is not a date") from error
