"""Ask a host for anything at all: whether it answers, by which way, and what time it is there.

No token is sent and no answer is read but its headers: whoever answers has been reached.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from reconciler.cloud.network_errors import CONNECT_BUDGET_S, unreachable
from reconciler.cloud.session import session_of
from reconciler.cloud.signin import AUTHORITIES

if TYPE_CHECKING:
    from reconciler.cloud.endpoints import Cloud
    from reconciler.cloud.run_limits import RunLimits

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables by which `requests` finds authorities, in its order."""
METADATA = "/metadata/endpoints?api-version=2022-09-01"
"""What Azure Resource Manager tells without a sign-in (azure-cli's cloud discovery asks it)."""
OPENID = "/organizations/v2.0/.well-known/openid-configuration"


@dataclass(frozen=True)
class Answered:
    """The status of an answer, and the time of who gave it; None where it tells none."""

    status: int
    at: datetime | None


def probe(run: RunLimits, url: str) -> Answered:
    """Ask once. Raises `UnavailableError` when no answer comes within a few seconds."""
    run.permit("HEAD", url)
    with run.bounded(), session_of(run.cloud, 1) as session:
        session.auth = _without_sign_in
        session.request_s = CONNECT_BUDGET_S
        try:
            answer = session.head(url, timeout=CONNECT_BUDGET_S, allow_redirects=False)
        except OSError as error:  # of `requests`, and of a CA bundle that is not there
            raise unreachable(url, error) from error
    return Answered(answer.status_code, _date(answer.headers.get("Date", "")))


def _without_sign_in(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep out what `requests` would take from ~/.netrc."""
    request.headers.pop("Authorization", None)
    return request


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else None


def arm_url(cloud: Cloud) -> str:
    """Return an address of Azure Resource Manager that wants no sign-in."""
    return f"{cloud.resource_manager}{METADATA}"


def login_url(cloud: Cloud) -> str:
    """Return an address of where we sign in that wants no sign-in."""
    if cloud.sandbox:
        return f"{cloud.sandbox.url}{OPENID}"
    named = os.environ.get("AZURE_AUTHORITY_HOST") or AUTHORITIES[0]
    host = urlsplit(named if "://" in named else f"https://{named}").netloc
    return f"https://{host}{OPENID}"


def proxy_of(cloud: Cloud, url: str) -> str:
    """Return host and port of the proxy on the way to an address, "" where there is none."""
    if cloud.sandbox:
        return ""
    found = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    return urlsplit(found).netloc.rpartition("@")[2] if found else ""


def ca_bundle(cloud: Cloud) -> tuple[str, Path] | None:
    """Return who names the authorities to trust, and their file; None for those of `requests`."""
    if cloud.sandbox:
        return "the sandbox", Path(cloud.sandbox.ca_file)
    named = next((name for name in BUNDLES if os.environ.get(name)), None)
    return None if named is None else (named, Path(os.environ[named]))
