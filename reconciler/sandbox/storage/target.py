"""What a storage request is about, read from its URL.

Two styles: `/_blob/{account}/{container}/{blob}` on the sandbox's own address, and the host
name `{account}.blob.core.sandbox.test` with `/{container}/{blob}`, as Azure has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from aiohttp import web

HOST_SUFFIX = ".core.sandbox.test"
PATH_STYLE = ("/_blob/", "/_file/")
"""No container or share name may start with `_`, so these cannot mean one."""


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
    whole = raw_path
    if by_host and not raw_path.startswith(PATH_STYLE):
        whole = f"/_{by_host[1]}/{by_host[0]}{raw_path}"
    service, account, space, path = [*whole[1:].split("/", 3), "", "", ""][:4]
    # A client that addresses the host signs the path without the sandbox's own prefix.
    signed = whole.removeprefix(f"/{service}/{account}") if by_host else whole
    query = {name.lower(): text for name, text in parse_qsl(raw_query, keep_blank_values=True)}
    return Target(
        service.removeprefix("_"), unquote(account), unquote(space), unquote(path), signed, query
    )
