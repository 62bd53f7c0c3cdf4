"""The encodings in which a secret may turn up in an answer, a log or a URL."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from reconciler.plain_view import without_breaks

MIN_LENGTH = 6
"""Shorter values are words of every other line: they are wrapped but not searched for."""


def forms(text: str) -> frozenset[str]:
    """Return a text in each encoding in which it may turn up in an answer, a log or a URL."""
    joined = without_breaks(text)
    if joined != text:  # a key in lines is broken otherwise where somebody shows it
        return _forms(text) | _forms(joined)
    return _forms(text)


def _forms(text: str) -> frozenset[str]:
    raw = text.encode("utf-8", "surrogatepass")
    # A path keeps its slashes (account keys have some), a query does not.
    percent = {coder(raw, safe=kept) for coder in (quote, quote_plus) for kept in ("", "/")}
    plain = {
        *(text, text.lower(), text.upper(), text[::-1]),
        *(json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]),
        *percent,
        *(_lower_percent(coded) for coded in percent),
        *(html.escape(text), html.escape(text, quote=False)),
        *("\0".join(text), text.encode("utf-16-le", "surrogatepass").decode("latin-1")),
    }
    wide = (text.encode(f"utf-16-{end}", "surrogatepass") for end in ("le", "be"))
    for coded in (raw, *wide):
        plain.update((coded.hex(), coded.hex().upper()))
        plain.update(_base64(coded))
        plain.add(_whole(base64.b32encode(coded).decode(), len(coded), 5))
    return frozenset(form for form in plain if len(form) >= MIN_LENGTH)


def _base64(raw: bytes) -> Iterable[str]:
    """Yield base64 of bytes that may stand anywhere in a longer text: three alignments."""
    for offset, start in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * offset + raw).decode()
        core = _whole(text, offset + len(raw), 3)[start:]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _whole(text: str, size: int, group: int) -> str:
    """Return encoded text without padding and without a last character that others share."""
    text = text.rstrip("=")
    return text[:-1] if size % group else text


def _lower_percent(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text)
