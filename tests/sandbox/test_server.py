"""The server itself: loopback only, several on one machine, many resources, many clients."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.launch import launch
from tests.support.sandbox import GROUP, Sandbox


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    """Read off the kernel's own table: 0100007F is 127.0.0.1, the state 0A is LISTEN."""
    port = int(sandbox.url.rsplit(":", 1)[1])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    bound = [row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
    assert bound == [f"0100007F:{port:04X}"]
    if socket.has_ipv6:
        six = Path("/proc/net/tcp6").read_text().splitlines()[1:]
        assert all(
            int(row.split()[1].split(":")[1], 16) != port or row.split()[3] != "0A" for row in six
        )


def test_two_sandboxes_know_nothing_of_each_other(
    sandbox: Sandbox, rm: Any, tmp_path: Path
) -> None:
    with launch(tmp_path / "other", clock="instant") as server:
        other = Sandbox(server)
        assert other.url != sandbox.url
        assert other.send("GET", GROUP, api_version="2025-04-01")[0] == 404
        assert sandbox.send("GET", GROUP, api_version="2025-04-01")[0] == 200
        token = sandbox._token()
        request = urllib.request.Request(f"{other.url}{GROUP}?api-version=2025-04-01")
        request.add_header("Authorization", f"Bearer {token}")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, context=other._tls)
        assert caught.value.code == 401
        assert json.loads(caught.value.read())["error"]["code"] == "InvalidAuthenticationToken"


def test_a_list_of_many_comes_in_pages_that_hold_each_once(sandbox: Sandbox, rm: Any) -> None:
    identities = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    names = [f"id{number:03}" for number in range(120)]
    for name in names:
        body = {"location": "eastus"}
        assert sandbox.send("PUT", f"{identities}/{name}", body, api_version="2024-11-30")[0] == 201
    found, link, pages = [], "", 0
    while pages == 0 or link:
        token = link.partition("$skipToken=")[2] or link.partition("%24skipToken=")[2]
        more = {"__skipToken": urllib.parse.unquote(token)} if token else {}
        page = sandbox.send("GET", identities, api_version="2024-11-30", **more)[1]
        found += [one["name"] for one in page["value"]]
        link, pages = page.get("nextLink", ""), pages + 1
    assert sorted(found) == names
    assert pages == 2
