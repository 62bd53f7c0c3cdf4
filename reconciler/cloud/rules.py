"""What every request to Azure must obey, whichever client sends it.

The stock azure-core pipeline sends a POST again after a 503, registers a resource provider
because of a GET, and obeys any Retry-After. These are the rules in their place, for our own
`ArmClient` and for Microsoft's clients alike (`transport`).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from reconciler.cloud.endpoints import host_of
from reconciler.cloud.errors import TRANSIENT
from reconciler.diagnostics import Diagnostic, ReconcileError, RefusedError, UnavailableError

READING = ("GET", "HEAD", "OPTIONS")
RESENDABLE = {"GET", "HEAD", "PUT", "DELETE"}
"""Idempotent in ARM: a PUT is, because every name that we write is decided before we write."""
SUBMISSION = re.compile(r"/workspaces/[^/]+/jobs/[^/]+/?$", re.IGNORECASE)
"""The end of the path of a job. Azure takes the same name for the same job, but a second PUT is
never ours to risk: what it costs is a training run. It is looked for, and then decided again.
"""
READING_POSTS = (
    "/checknameavailability",
    "/checkpolicyrestrictions",
    "/microsoft.resourcegraph/resources",
)
"""The only POSTs that plan may send: they read, and touch no key."""
REVEALING_POSTS = ("/listkeys", "/listsecrets", "/getlogs")
"""POSTs that change nothing, but show what a plan does not ask for."""
RESENDABLE_POSTS = (
    *READING_POSTS,  # storage-accounts/check-name-availability, policy/policy-restrictions, resource-graph
    "/listkeys",  # azureml/online-endpoints/list-keys
    "/listsecrets",  # azureml/datastores/list-secrets, workspace-connections/list-secrets
    "/getlogs",  # azureml/online-deployments/get-logs
    "/register",  # resources/providers/register: registered twice is registered
    "/oauth2/v2.0/token",  # a sign-in: every token serves until it ends
)
"""POSTs that may go out twice, by the end of their path in lower case: all that we send that
only read or, by their contract, leave the same state however often they are called.

A list of names, not of guesses: what is not here is never repeated (a prompt flow's create, the
cancel of a job). Source: learn.microsoft.com/rest/api, the pages named beside each.
"""
REDIRECTS = (301, 302, 303, 307, 308)
THROTTLED = 429


def writes(method: str, url: str) -> bool:
    """Return whether a request may change anything in Azure, or reads a secret by POST."""
    if method in READING:
        return False
    return not (method == "POST" and urlsplit(url).path.lower().endswith(READING_POSTS))


def changes(method: str, url: str) -> bool:
    """Return whether a request may change anything in Azure."""
    path = urlsplit(url).path.lower()
    return writes(method, url) and not (method == "POST" and path.endswith(REVEALING_POSTS))


def refused(method: str, url: str) -> ReconcileError:
    """Return the error for a request that a read-only command must not send."""
    return RefusedError.because(
        f"a read-only command tried to send {method}",
        detail=urlsplit(url).path,
        hint="this is a bug in reconcile: please report it",
    )


def may_resend(method: str, url: str, status: int | None) -> bool:
    """Return whether a request may go out again after this status (None: no answer came).

    A POST or PATCH does only when Azure turned it away unread (429), or is in the list.
    """
    if status == THROTTLED:
        return True
    return _is_idempotent(method, url) and (status is None or status in TRANSIENT)


def is_in_doubt(method: str, url: str, status: int | None) -> bool:
    """Return whether nobody knows if a request was carried out, and it must not be repeated.

    Whoever asked has to look at what Azure holds now, and decide again.
    """
    passes = status is None or status in TRANSIENT
    return passes and not may_resend(method, url, status)


def _is_idempotent(method: str, url: str) -> bool:
    path = urlsplit(url).path
    if method == "POST":
        return path.lower().endswith(RESENDABLE_POSTS)
    if method == "PUT" and SUBMISSION.search(path):
        return False
    return method in RESENDABLE


def redirected(url: str, location: str) -> UnavailableError:
    """Return the error for a redirect, which we never follow: Azure's services send none."""
    target = host_of(location) or "no address"
    return UnavailableError(
        Diagnostic(
            f"{urlsplit(url).netloc} answered with a redirect to {target}, which is not followed",
            detail=urlsplit(url).path,
            hint="look for a proxy or a sign-in page of your network in between",
        )
    )
