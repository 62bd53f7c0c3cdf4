"""Looks for a secret in what was written, in every encoding that people and programs use.

Knows nothing of the product: it decodes what it reads and encodes what it looks for by
itself, so that a fault of the product's scrubber is not repeated here.
"""

import base64
import binascii
import html
import itertools
import json
import re
import urllib.parse


def find(secret, written):
    """Return the names of the encodings in which a secret stands in text or bytes."""
    blob = written if isinstance(written, bytes) else written.encode("utf-8", "surrogateescape")
    found = {name for name, needle in needles(secret) if needle and needle in blob}
    found |= {name for name, text in _decoded(blob) if secret in text}
    whole = re.sub(rb"\s*\n\s*", b"", blob)
    found |= {f"{name}, in lines" for name, needle in needles(secret) if needle and needle in whole}
    return sorted(found)


def needles(secret):
    """Yield (name, bytes) for a secret in each encoding, wherever in a text it may begin."""
    raw = secret.encode()
    yield "raw", raw
    yield "upper case", secret.upper().encode()
    yield "lower case", secret.lower().encode()
    yield "json", json.dumps(secret)[1:-1].encode()
    yield "json, not ASCII", json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    yield "repr", repr(secret)[1:-1].encode()
    yield "url", urllib.parse.quote(secret, safe="").encode()
    yield "url form", urllib.parse.quote_plus(secret).encode()
    yield "html", html.escape(secret).encode()
    yield "reversed", secret[::-1].encode()
    yield "utf-16", secret.encode("utf-16-le")
    for name, coded in (("", raw), ("utf-16 ", secret.encode("utf-16-le"))):
        yield f"{name}hex", binascii.hexlify(coded)
        yield f"{name}HEX", binascii.hexlify(coded).upper()
        yield f"{name}base32", _inner(base64.b32encode(coded), len(coded), 5)
        for shift in range(3):
            text = base64.b64encode(b"x" * shift + coded)
            inner = _inner(text, shift + len(coded), 3)[(0, 2, 3)[shift] :]
            yield f"{name}base64+{shift}", inner
            yield f"{name}base64url+{shift}", inner.replace(b"+", b"-").replace(b"/", b"_")


def _inner(text, size, group):
    text = text.rstrip(b"=")
    return text[:-1] if size % group else text


def _decoded(blob):
    """Yield what the text says to whoever undoes one layer of escaping."""
    text = blob.decode("utf-8", "replace")
    yield "percent-decoded", urllib.parse.unquote_plus(text)
    yield "html-decoded", html.unescape(text)
    yield (
        "backslash-decoded",
        re.sub(
            r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})",
            lambda match: chr(int(match[1] or match[2], 16)),
            text,
        ),
    )
    yield "slashes unescaped", text.replace("\\/", "/")
    yield "broken lines", re.sub(r"\s*\n\s*", "", text)
    yield "without colour", re.sub(r"\x1b\[[0-9;]*m", "", text)


def leaks(secrets, written):
    """Return (label, encoding) of every secret of a mapping that stands in what was written."""
    pairs = ((label, find(secret, written)) for label, secret in secrets.items())
    return list(itertools.chain.from_iterable(((a, e) for e in found) for a, found in pairs))
