"""Azure's error answers as our errors: what, why, and what to do next.

Classified by ARM's error *code* first and by HTTP status second, as Azure's own operators
do. Only facts that Azure documents or that were recorded are in the table of hints.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from reconciler.diagnostics import ApiError, Diagnostic
from reconciler.secrets import on_one_line

MAX_TEXT = 400

HINTS = {
    "AuthorizationFailed": "grant the identity the action and scope named above",
    "LinkedAuthorizationFailed": "the identity also needs a role on the linked resource, for a "
    "managed identity `Managed Identity Operator`",
    "InvalidAuthenticationToken": "sign in again: `az login`",
    "StorageAccountAlreadyTaken": "storage account names are global: choose another name",
    "VaultAlreadyExists": "key vault names are global: choose another name",
    "AlreadyInUse": "container registry names are global: choose another name",
    "QuotaExceeded": "lower the size or count, choose another size, or raise the quota in `quota:`",
    "OutOfQuota": "choose another `instance_type` or region, or raise the quota in `quota:`",
    "ContactSupport": "this family needs a support request in the Azure portal",
    "ScopeLocked": "remove the lock, or ask its owner",
    "RequestDisallowedByPolicy": "ask the owner of the Azure Policy named above",
    "SkuNotAvailable": "choose another size or region",
    "MissingSubscriptionRegistration": "run `reconcile plan`: registering the provider named above "
    "is a step of it; or `az provider register --namespace NAME`",
}

TRANSIENT = {408, 429, 500, 502, 503, 504}
LATER = "this is a problem in Azure: run the same command again later"


def api_error(method: str, url: str, status: int, body: bytes, request_id: str) -> ApiError:
    """Return the error for an answer that is not a success."""
    code, message = code_and_message(body)
    what = message or f"Azure answered HTTP {status} without a reason"
    detail = f"{code or 'HTTP'} {status} on {method} {urlsplit(url).path}"
    if request_id:
        detail += f" (request {request_id})"
    hint = HINTS.get(code) or (LATER if status in TRANSIENT else "")
    return ApiError(status, code, Diagnostic(what, detail=detail, hint=hint))


def operation_error(operation: dict[str, Any], url: str) -> ApiError:
    """Return the error of a long-running operation that ended badly."""
    code, message = code_and_message(json.dumps(operation).encode())
    state = operation.get("status") or "Failed"
    what = message or f"the operation ended as {state} and Azure gave no reason"
    detail = f"{code or state} from {urlsplit(url).path}"
    return ApiError(200, code, Diagnostic(what, detail=detail, hint=HINTS.get(code, "")))


def code_and_message(body: bytes) -> tuple[str, str]:
    """Return ARM's code and message out of an error body; empty where it has none.

    Azure ML wraps its own reason: the innermost `innerError` or `details` code is the one
    that says something, the outer one is only `UserError`.
    """
    try:
        data = json.loads(body)
    except (ValueError, UnicodeDecodeError):
        return "", ""
    if not isinstance(data, dict):
        return "", ""
    error = data.get("error", data)
    if isinstance(error, str):
        return error, on_one_line(data.get("error_description", ""), MAX_TEXT)
    if not isinstance(error, dict):
        return "", ""
    code = str(error.get("code") or "")
    message = str(error.get("message") or "")
    for detail in error.get("details") or ():
        if isinstance(detail, dict) and detail.get("message"):
            text = str(detail["message"])
            message = message if text in message else f"{message} {text}".strip()
    return _specific(code, error), on_one_line(message, MAX_TEXT)


def _specific(code: str, error: dict[str, Any]) -> str:
    inner = error.get("innererror")
    if code == "Forbidden" and isinstance(inner, dict):
        return str(inner.get("code") or code)  # a key vault says there which rule forbids
    if code not in ("UserError", "ValidationError", ""):
        return code
    details = [d for d in error.get("details") or () if isinstance(d, dict)]
    return str(details[0].get("code") or code) if details else code
