"""Signatures made with an account key: the Authorization header and shared access signatures.

Rules: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key,
create-service-sas, create-account-sas, create-user-delegation-sas.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

SIGNED_HEADERS = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type",
    "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
FIRST_VERSION_WITH_SCOPE = "2020-12-06"
RESPONSE_OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")


def sign(key: str, text: str) -> str:
    """The signature of `text` under a base64 account key."""
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def matches(key: str, text: str, signature: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(sign(key, text).encode(), signature.encode())


def header_texts(
    method: str, headers: Mapping[str, str], account: str, raw_path: str, query: Mapping[str, str]
) -> list[str]:
    """What a Shared Key client may have signed.

    More than one text, because the service orders `x-ms-` headers as its culture collates
    (hyphens count last) and old clients by plain code point; both are accepted here.
    """
    lowered = {name.lower(): text.strip() for name, text in headers.items()}
    if lowered.get("content-length") == "0":
        lowered["content-length"] = ""
    if "x-ms-date" in lowered:
        lowered["date"] = ""
    plain = "\n".join([method, *(lowered.get(name, "") for name in SIGNED_HEADERS)])
    resource = f"/{account}{raw_path}" + "".join(
        f"\n{name}:{text}" for name, text in sorted(query.items())
    )
    texts = []
    for collation in (lambda name: (name.replace("-", ""), name), lambda name: (name, name)):
        names = sorted((name for name in lowered if name.startswith("x-ms-")), key=collation)
        own = "".join(f"{name}:{lowered[name]}\n" for name in names)
        texts.append(f"{plain}\n{own}{resource}")
    return texts


def account_sas_text(account: str, query: Mapping[str, str]) -> str:
    """The string to sign of an account SAS."""
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if query.get("sv", "") >= FIRST_VERSION_WITH_SCOPE:
        names.append("ses")
    return "\n".join([account, *(query.get(name, "") for name in names), ""])


def blob_sas_text(canonical: str, query: Mapping[str, str]) -> str:
    """The string to sign of a service SAS for `canonical` (`/blob/account/container[/blob]`)."""
    names = ["si", "sip", "spr", "sv", "sr", "snapshot"]
    if query.get("sv", "") >= FIRST_VERSION_WITH_SCOPE:
        names.append("ses")
    return _join(["sp", "st", "se"], canonical, [*names, *RESPONSE_OVERRIDES], query)


def file_sas_text(canonical: str, query: Mapping[str, str]) -> str:
    """The string to sign of a service SAS for `/file/account/share[/path]`."""
    names = ["si", "sip", "spr", "sv", *RESPONSE_OVERRIDES]
    return _join(["sp", "st", "se"], canonical, names, query)


def _join(before: list[str], canonical: str, after: list[str], query: Mapping[str, str]) -> str:
    values = [query.get(name, "") for name in before]
    return "\n".join([*values, canonical, *(query.get(name, "") for name in after)])
