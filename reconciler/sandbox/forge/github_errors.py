"""GitHub's refusals, in the shapes and words that its REST API answers with.

Sources: docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api and getting-started;
the words of validation errors as public issues quote them from api.github.com.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
DOCS = "https://docs.github.com/rest"


class GitHubError(Exception):
    """A refusal; `errors` are the details of a validation."""

    def __init__(self, status: int, message: str, errors: Sequence[Json] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, list(errors)

    def body(self, docs: str) -> Json:
        """Return the document that GitHub would send for an operation described at `docs`."""
        named = {"errors": self.errors} if self.errors else {}
        address = f"{DOCS}/{docs}" if docs else DOCS
        return {
            "message": self.message,
            **named,
            "documentation_url": address,
            "status": str(self.status),
        }


def not_found() -> GitHubError:
    """What is not there, or what the token may not see."""
    return GitHubError(404, "Not Found")


def invalid(resource: str, code: str, field: str, message: str = "") -> GitHubError:
    """A field that the resource refuses."""
    told = {"message": message} if message else {}
    error = {"resource": resource, "code": code, "field": field, **told}
    return GitHubError(422, "Validation Failed", [error])


def malformed(reason: str) -> GitHubError:
    """A body that the operation's schema refuses."""
    return GitHubError(422, f"Invalid request.\n\n{reason}")


def text_of(body: Json, field: str, *, required: bool = True) -> str | None:
    """Return a text of a body; None for one that may be left out."""
    value = body.get(field)
    if value is None:
        if required:
            raise malformed(f'"{field}" wasn\'t supplied.')
        return None
    if not isinstance(value, str):
        raise malformed(f"For 'properties/{field}', {value!r} is not a string.")
    return value


def member_of(body: Json, field: str, members: Sequence[str]) -> str | None:
    """Return a text of a body that is one of a few; None where it is left out."""
    value = text_of(body, field, required=False)
    if value is not None and value not in members:
        allowed = ", ".join(f'"{one}"' for one in members)
        raise malformed(f"For 'properties/{field}', {value} is not a member of [{allowed}].")
    return value
