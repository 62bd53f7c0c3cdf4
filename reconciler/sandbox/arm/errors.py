"""ARM error answers, in the two shapes Azure uses.

Source of the shapes: recorded traffic of azure-cli, ASO (gateway errors) and azure-ai-ml
(the `UserError` shape of Azure ML's management front end).
"""

from __future__ import annotations

import uuid
from typing import Any

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
        self.headers = headers or {}

    def body(self, time: str = "", location: str = "") -> Json:
        """Return the error document."""
        error: Json = {"code": self.code, "message": self.message}
        if self.inner is None:
            return {"error": error}
        error["details"] = []
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


def invalid_content(message: str) -> ArmError:
    """Return ARM's error for a body that does not fit the type."""
    return ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{message}'.",
    )


def conflict(code: str, message: str) -> ArmError:
    """Return a 409."""
    return ArmError(409, code, message)


def resource_not_found(type_: str, name: str, group: str) -> ArmError:
    """Return the gateway's 404 for a missing resource of a tracked type."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{type_}/{name}' under resource group '{group}' was not found.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def group_not_found(group: str) -> ArmError:
    """Return the gateway's 404 for a missing resource group."""
    return ArmError(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{group}' could not be found.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def _info(type_: str, value: Any) -> Json:
    return {"type": type_, "info": {"value": value}}


def _inner(path: str) -> Json:
    first, _, rest = path.partition("/")
    return {"code": first, "innerError": _inner(rest) if rest else None}
