"""The one pool of connections, and requests that end: by time (`request_deadline`) and by size."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.request_deadline import POOLS, current, within
from reconciler.limits import ANSWER_BYTES, REQUEST_S

CHUNK = 64 * 1024
HOSTS = 8
ADDED_AGENT = "AZURE_HTTP_USER_AGENT"


class BoundedSession(requests.Session):
    """A session whose answers are read whole, within a time and a size."""

    def __init__(self, pool_size: int) -> None:
        """Open nothing yet; the pool is as large as the runs are parallel."""
        super().__init__()
        self.request_s = REQUEST_S
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(pool_connections=HOSTS, pool_maxsize=pool_size))
        self.headers["User-Agent"] = user_agent()

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request with what this session adds: headers, and `auth` where it has one.

        `requests` would also look into ~/.netrc, and send the password of a host in the place of
        our token.
        """
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=request.url,
            headers=self._with_own(request.headers),
            files=request.files,
            data=request.data,
            params=request.params,
            auth=request.auth or self.auth,
            cookies=self.cookies or None,
            hooks=request.hooks,
            json=request.json,
        )
        return prepared

    def _with_own(self, headers: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return headers and those of this session; one that is None is not sent."""
        pairs = (*self.headers.items(), *(headers or {}).items())
        named = {name.casefold(): (name, value) for name, value in pairs}
        return {name: value for name, value in named.values() if value is not None}

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send; raises `requests.RequestException` for a request that does not come to an end."""
        stream = kwargs.pop("stream", False)
        with within(self.request_s):
            response = super().send(request, stream=True, **kwargs)
            if not stream:
                response.raw = _Whole(_read(response))
        return response


class _Adapter(HTTPAdapter):
    """Takes the connections that hold a deadline, those through a proxy too."""

    def init_poolmanager(self, *given: Any, **options: Any) -> None:
        """Make the manager of direct connections."""
        super().init_poolmanager(*given, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *given: Any, **options: Any) -> Any:
        """Return the manager of connections through a proxy."""
        manager = super().proxy_manager_for(*given, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager


class _Whole(io.BytesIO):
    """The bytes of an answer, in the place of the socket they came from."""

    enforce_content_length = True  # azure-core sets it on what it takes for urllib3's answer


def session_of(cloud: Cloud, pool_size: int) -> BoundedSession:
    """Return the session of a process, for every client of every run."""
    session = BoundedSession(pool_size)
    if cloud.sandbox:
        session.trust_env = False  # no proxy, no other authority: it is local
        session.verify = cloud.sandbox.ca_file
    return session


def user_agent() -> str:
    """Return how we introduce ourselves to Azure, and who runs us where they say so.

    AZURE_HTTP_USER_AGENT is what Microsoft's SDKs and the Azure CLI append to theirs
    (azure-core's `UserAgentPolicy`), so that a fleet's runs can be told apart in Azure's logs.
    """
    own = f"reconcile/{version('reconcile-azureml')}"
    added = "".join(c for c in os.environ.get(ADDED_AGENT, "") if " " <= c <= "~").strip()
    return f"{own} {added}" if added else own


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    try:
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            content += chunk
            if len(content) > ANSWER_BYTES:
                raise requests.ConnectionError(
                    f"the answer is larger than {ANSWER_BYTES >> 20} MiB, which none of Azure's is"
                )
            current().left()
    except (urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
        raise requests.ReadTimeout(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(error) from error
    finally:
        if response.raw.length_remaining:
            response.close()
    return bytes(content)
