"""ARM error answers, in the two shapes Azure uses.

Source of the shapes: recorded traffic of azure-cli, ASO (gateway errors) and azure-ai-ml
(the `UserError` shape of Azure ML's management front end).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.sandbox.arm.ids import Target

Json = dict[str, Any]


class ArmError(Exception):
    """An answer other than success. `inner` set means Azure ML's own error shape."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        inner: str | None = None,
        component: str = "managementfrontend",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.component = component
        self.headers = dict(headers or {})
        self.detail: tuple[str, str] | None = None

    def body(self, time: str = "", location: str = "") -> Json:
        """Return the error document."""
        error: Json = {"code": self.code, "message": self.message}
        if self.inner is None:
            return {"error": error}
        error["details"] = [_detail(*self.detail)] if self.detail else []
        if self.component == "account-rp":
            return self._account_rp(error, time, location)
        error["additionalInfo"] = [
            _info("ComponentName", self.component),
            _info("Environment", location),
            _info("Location", location),
            _info("Time", time),
            _info("InnerError", _inner(self.inner)),
        ]
        return {"error": error}

    def _account_rp(self, error: Json, time: str, location: str) -> Json:
        """The shape of workspaces and connections (recorded: connection_git_pat.json)."""
        empty = ("severity", "messageFormat", "messageParameters", "referenceCode", "detailsUri")
        error |= dict.fromkeys((*empty, "target", "debugInfo", "additionalInfo"))
        error["innerError"] = _inner(self.inner or "")
        return {
            "error": error,
            "correlation": {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]},
            "environment": location,
            "location": location,
            "time": time,
            "componentName": self.component,
        }


def user_error(message: str, inner: str = "BadArgument", status: int = 400) -> ArmError:
    """Return Azure ML's error for something the caller did wrong; `inner` may be `A/B`."""
    return ArmError(status, "UserError", message, inner=inner)


GATEWAY = {"x-ms-failure-cause": "gateway"}
"""What ARM's own refusals carry (recorded with 404s, regions and missing parents)."""


class ContentError(ArmError):
    """A body that does not fit its type, in the gateway's words.

    `path` is where; `is_missing` or `is_choice` say that a required property was not sent, or a
    value is none of an enumeration. A provider that answers in its own words makes its error of
    these (`ResourceType.bad_content`).
    """

    def __init__(
        self, text: str, path: str = "", *, is_missing: bool = False, is_choice: bool = False
    ) -> None:
        message = f"The request content was invalid and could not be deserialized: '{text}'."
        super().__init__(400, "InvalidRequestContent", message, headers=GATEWAY)
        self.text = text
        self.path = path
        self.is_missing = is_missing
        self.is_choice = is_choice


def invalid_request(code: str, message: str) -> ArmError:
    """Return what Azure ML's front end answers to a body that it cannot use: the reason is in the
    details (azure-sdk-for-python#35387, azure-docs#28600, azure-cli-extensions#7107).
    """
    error = ArmError(400, "BadRequest", "The request is invalid.", inner="BadRequest")
    error.detail = (code, message)
    return error


def conflict(code: str, message: str) -> ArmError:
    """Return a 409."""
    return ArmError(409, code, message)


def resource_not_found(type_: str, name: str, group: str) -> ArmError:
    """Return the gateway's 404 for a missing resource of a tracked type."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{type_}/{name}' under resource group '{group}' was not found.",
        headers=GATEWAY,
    )


def parent_not_found(target: Target, parent: Target, verb: str) -> ArmError:
    """Return the gateway's 404 for a resource below one that is not there."""
    return ArmError(
        404,
        "ParentResourceNotFound",
        f"Failed to perform '{verb}' on resource(s) of type '{'/'.join(target.types)}', because "
        f"the parent resource '{parent.id}' could not be found.",
        headers=GATEWAY,
    )


def group_not_found(group: str) -> ArmError:
    """Return the gateway's 404 for a missing resource group."""
    return ArmError(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{group}' could not be found.",
        headers=GATEWAY,
    )


def _detail(code: str, message: str) -> Json:
    return {"code": code, "message": message, "details": [], "additionalInfo": []}


def _info(type_: str, value: Any) -> Json:
    return {"type": type_, "info": {"value": value}}


def _inner(path: str) -> Json:
    first, _, rest = path.partition("/")
    return {"code": first, "innerError": _inner(rest) if rest else None}
