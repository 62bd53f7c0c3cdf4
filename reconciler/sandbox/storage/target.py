"""What a storage request is about, read from its URL.

Two styles: `/_blob/{account}/{container}/{blob}` on the sandbox's own address, and the host
name `{account}.blob.core.sandbox.test` with `/{container}/{blob}`, as Azure has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from aiohttp import web

HOST_SUFFIX = ".core.sandbox.test"


@dataclass(frozen=True, slots=True)
class Target:
    """`space` is the container or share, `path` the blob, directory or file; "" where absent.

    `raw_path` is the path exactly as sent (signatures cover it), `query` the decoded parameters
    with lower-case names, in the order they were sent.
    """

    service: str
    account: str
    space: str
    path: str
    raw_path: str
    query: dict[str, str]


def service_of_host(host: str) -> tuple[str, str] | None:
    """(account, "blob" or "file") when `host` is a storage host name of the sandbox."""
    name = host.rpartition(":")[0] if ":" in host else host
    account, _, rest = name.lower().partition(".")
    service = rest.removesuffix(HOST_SUFFIX)
    return (account, service) if rest != service and service in {"blob", "file"} else None


def target_of(request: web.Request) -> Target:
    """The target of a request in either style."""
    return _parse(request.host, request.raw_path)


def target_of_url(url: str, base_url: str) -> Target | None:
    """The target of an absolute URL; None when it is not on this sandbox."""
    host, _, rest = url.partition("://")[2].partition("/")
    on_sandbox = url.startswith(f"{base_url}/_") or service_of_host(host)
    return _parse(host, "/" + rest) if on_sandbox else None


def _parse(host: str, raw: str) -> Target:
    raw_path, _, raw_query = raw.partition("?")
    by_host = service_of_host(host)
    if by_host:
        account, service = by_host
        pieces = raw_path.lstrip("/").split("/", 1)
    else:
        first = raw_path.lstrip("/").split("/", 3)
        service = first[0].removeprefix("_")
        account = unquote(first[1]) if len(first) > 1 else ""
        pieces = first[2:]
    space = unquote(pieces[0]) if pieces else ""
    path = unquote(pieces[1]) if len(pieces) > 1 else ""
    query = {name.lower(): text for name, text in parse_qsl(raw_query, keep_blank_values=True)}
    return Target(service, account, space, path, raw_path, query)
