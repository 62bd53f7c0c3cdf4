"""A sandbox, its controls, and plain requests to it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from reconciler.sandbox.launch import Server
from tests.support.controls import Controls
from tests.support.signed_in import credential_of

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


class Sandbox(Controls):
    """A running sandbox and its controls; `credential` is a real azure-identity one."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.url, self.ca_file = server.url, server.ca_file
        self.credential = credential_of(server)

    def journal(self, kind: str = "arm") -> list[dict[str, Any]]:
        """Return the journal's entries of one kind."""
        return self.entries(kind=kind)

    def reset(self) -> None:
        """Back to an empty subscription, in instant time."""
        self.empty()

    def send(
        self, method: str, path: str, body: Any = None, **query: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Send one ARM request without an SDK; returns status, JSON body, headers."""
        query = {name.replace("__", "$").replace("api_", "api-"): v for name, v in query.items()}
        url = self.url + path + "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", "Bearer " + self._token())
        request.add_header("content-type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, context=self._tls) as answer:
                return answer.status, _json(answer.read()), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read()), dict(error.headers)

    def _token(self) -> str:
        return str(self.credential.get_token("https://management.azure.com/.default").token)


def fault(sandbox: Sandbox, **words: Any) -> None:
    """Arm a fault."""
    sandbox.control("POST", "faults", words)


def _json(raw: bytes) -> Any:
    return json.loads(raw) if raw else None
