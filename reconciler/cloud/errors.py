"""Azure's error answers as our errors: what, why, and what to do next.

Classified by the innermost error *code* that is known first, and by HTTP status second.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from reconciler.cloud.causes import GENERIC, Cause, cause_of
from reconciler.cloud.hints import HINTS, hint_for, with_provider
from reconciler.diagnostics import ApiError, Diagnostic

TRANSIENT = {408, 429, 500, 502, 503, 504}
LATER = "this is a problem in Azure: run the same command again later"


def api_error(
    method: str, url: str, status: int, body: bytes, request_id: str, header_code: str = ""
) -> ApiError:
    """Return the error for an answer that is not a success.

    `header_code` is its `x-ms-error-code`: an answer to HEAD, and many of Storage, has no body.
    """
    cause = cause_of(body, header_code)
    code = code_of(cause)
    what = _what(cause) or f"Azure answered HTTP {status} without a reason"
    what, unnamed = with_provider(what, url)
    detail = f"{_codes(code, cause) or 'HTTP'} {status} on {method} {urlsplit(url).path}"
    if request_id:
        detail += f" (request {request_id})"
    hint = unnamed or hint_for(cause.codes, cause.message)
    hint = hint or (LATER if status in TRANSIENT else "")
    return ApiError(status, code, Diagnostic(what, detail=_detail(cause, detail), hint=hint))


def operation_error(operation: dict[str, Any], url: str) -> ApiError:
    """Return the error of a long-running operation that ended badly."""
    cause = cause_of(json.dumps(operation).encode())
    code = code_of(cause)
    state = operation.get("status") or "Failed"
    what = _what(cause) or f"the operation ended as {state} and Azure gave no reason"
    what, unnamed = with_provider(what, url)
    detail = f"{_codes(code, cause) or state} from {urlsplit(url).path}"
    hint = unnamed or hint_for(cause.codes, cause.message)
    return ApiError(200, code, Diagnostic(what, detail=_detail(cause, detail), hint=hint))


def code_and_message(body: bytes) -> tuple[str, str]:
    """Return the code that says most and the innermost message of an error; empty for none."""
    cause = cause_of(body)
    return code_of(cause), cause.message


def code_of(cause: Cause) -> str:
    """Return the code to go by: the innermost that is known, else the outermost that is specific.

    A service may put a code of its own within ARM's `Conflict`: then ARM's is what rules know.
    """
    known = [code for code in cause.codes if code in HINTS]
    specific = [code for code in cause.codes if code not in GENERIC]
    if known:
        return known[-1]
    if specific and cause.codes[0] in GENERIC:
        return specific[-1]
    return (specific or [*cause.codes, ""])[0]


def _codes(code: str, cause: Cause) -> str:
    inner = cause.innermost
    return f"{code} ({inner})" if inner not in ("", code) and inner not in GENERIC else code


def _what(cause: Cause) -> str:
    """Return what Azure says, its code where it has no words."""
    return cause.message or (f"Azure says only {cause.innermost}" if cause.innermost else "")


def _detail(cause: Cause, request: str) -> str:
    denied = [f"denied by Azure Policy {policy}" for policy in cause.policies]
    return "\n".join(part for part in (*denied, cause.around, request) if part)
