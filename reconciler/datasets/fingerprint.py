"""Digests of inputs: what makes two runs or two datasets the same one.

A fingerprint covers what decides the result and nothing else: no clock, no path of this
machine, no version of this tool. `FORMAT` is raised when the prepared bytes would change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from io import BufferedReader
from typing import Any

FORMAT = "chat-1"
"""Version of how rows are checked, ordered, split and written."""

LENGTH = 12


def fingerprint(inputs: Mapping[str, Any]) -> str:
    """Return 12 hex digits over JSON-like inputs; the order of keys does not matter."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def file_digest(file: BufferedReader) -> str:
    """Return the SHA-256 of the bytes of an open file, in hex. Raises `OSError`."""
    return hashlib.file_digest(file, "sha256").hexdigest()
