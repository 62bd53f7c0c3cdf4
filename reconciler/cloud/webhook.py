"""One message to an address that is a secret: a webhook of a chat, or of anybody.

Nothing but the host is told of the address, and no redirect is followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from reconciler.cloud.endpoints import host_of
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.retry import FIRST_ERROR
from reconciler.cloud.rules import REDIRECTS
from reconciler.diagnostics import ApiError, Diagnostic, LocalError
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits
    from reconciler.secrets import Secret

MOST_OF_ANSWER = 200


@dataclass(frozen=True)
class WebhookHost:
    """Where messages go."""

    run: RunLimits
    url: Secret

    def post(self, content: Any) -> None:
        """Send JSON. Raises `ApiError` for an answer of 300 and above, else what stood between."""
        url = self.url.reveal()
        if urlsplit(url).scheme != "https" or not host_of(url):
            raise LocalError.because(
                "the address of the webhook is not an https:// address",
                hint="write the whole address into the file of `url_file`",
            )
        try:
            with self.run.bounded():
                response = self.run.azure.session.request(
                    "POST",
                    url,
                    json=content,
                    timeout=self.run.timeouts(),
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            raise unreachable(url, error) from error
        if response.status_code in REDIRECTS or response.status_code >= FIRST_ERROR:
            raise _refused(url, response)


def _refused(url: str, response: requests.Response) -> ApiError:
    said = on_one_line(response.content.decode("utf-8", "replace"), MOST_OF_ANSWER)
    told = Diagnostic(
        f"{host_of(url)} answered {response.status_code}{f': {said}' if said else ''}",
        hint="check the webhook where it was made, and the file of `url_file`",
    )
    return ApiError(response.status_code, "", told)
