"""Turn what Microsoft's clients raise into our own errors, with Azure's code and words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.cloud.backoff import retry_after
from reconciler.cloud.errors import api_error
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.rules import is_in_doubt
from reconciler.diagnostics import UnavailableError
from reconciler.secrets import on_one_line

AZURE = "//Azure"
"""An error of azure-core does not say which of its hosts it is about."""


@contextmanager
def translated(*, missing_is_fine: bool = False) -> Iterator[None]:
    """Raise `ApiError` or `UnavailableError` for what an SDK client raises within.

    With `missing_is_fine` a 404 counts as done, for deletes.
    """
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        if missing_is_fine and error.status_code == 404:
            return
        raise _answered(error) from error
    except AzureError as error:
        lost = unreachable(AZURE, error)
        lost.in_doubt = bool(getattr(error, "in_doubt", False))
        raise lost from error


def _answered(error: Any) -> Exception:
    response = error.response
    if response is None:
        return UnavailableError.because(
            "Azure did not answer", detail=on_one_line(error.message, 200)
        )
    request = response.request
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = int(response.status_code)
    failure = api_error(
        request.method,
        request.url,
        status,
        response.body() if hasattr(response, "body") else b"",
        headers.get("x-ms-request-id", ""),
        headers.get("x-ms-error-code", ""),
    )
    failure.retry_after_s = retry_after(headers)
    failure.in_doubt = is_in_doubt(request.method, request.url, status)
    return failure
