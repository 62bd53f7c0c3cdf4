"""The innermost cause in an error of Azure, however deep its services wrap it.

An answer is a tree: `details`, `innererror`, `additionalInfo`, JSON within a message. Azure ML's
services hand on what they got as text, so the reason often stands three levels down while the
outermost words are "The request is invalid.". Whoever answers may be a proxy, or hostile: how
deep and how much is read is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from reconciler.bounded_json import loads
from reconciler.secrets import on_one_line

MAX_TEXT = 400
MAX_DEPTH = 12
MAX_NODES = 200
MAX_PARSED = 1 << 18
"""Characters: a text longer than that is not searched for more JSON."""
MAX_STARTS = 6
"""How many braces of a text are tried as the begin of JSON."""
MAX_POLICIES = 5
MAX_LEAVES = 5

GENERIC = frozenset(
    {
        *("", "UserError", "SystemError", "ServiceError", "ValidationError", "BadRequest"),
        *("BadArgument", "Forbidden", "InvalidTemplateDeployment", "DeploymentFailed"),
        *("ResourceDeploymentFailure", "ResourceOperationFailure", "MultipleErrorsOccurred"),
    }
)
"""Codes that only say that something within them failed.

Sources: learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
and recorded answers of Azure ML and of Key Vault.
"""
_SAYS_NOTHING = re.compile(
    r"(the request is invalid|see (inner|error|details)|at least one resource deployment|"
    r"one or more (validation )?errors)",
    re.IGNORECASE,
)
_AADSTS = re.compile(r"\bAADSTS\d{4,8}\b")
_XML = re.compile(r"<Error>\s*<Code>([^<]{1,100})</Code>\s*<Message>([^<]*)", re.DOTALL)


@dataclass(frozen=True)
class Cause:
    """Why Azure refused: `codes` from the outermost in, the innermost `message`.

    `around` is what the outer levels say beside it, `policies` the Azure Policies that denied.
    """

    codes: tuple[str, ...] = ()
    message: str = ""
    around: str = ""
    policies: tuple[str, ...] = ()

    @property
    def innermost(self) -> str:
        """Return the innermost code, "" where the answer has none."""
        return self.codes[-1] if self.codes else ""


@dataclass
class _Found:
    """What a walk through one answer has come across so far."""

    nodes: int = 0
    codes: list[str] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    outer: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)


def cause_of(body: bytes, header_code: str = "") -> Cause:
    """Return the cause in an answer; `header_code` is its `x-ms-error-code`, the only one without a body."""
    found = _Found()
    data = _parsed(body)
    if isinstance(data, dict):
        _walk(data, found, 0)
    elif isinstance(data, str) and (error := _XML.search(data, 0, MAX_PARSED)):
        found.codes.append(error[1].strip())
        found.leaves.append(error[2].split("\n")[0])
    codes = [code for code in found.codes if code]
    if header_code and header_code not in codes:
        codes.append(header_code)
    return Cause(
        tuple(dict.fromkeys(on_one_line(code, 100) for code in codes)),
        _joined(found.leaves),
        _joined([text for text in found.outer if not _SAYS_NOTHING.search(text)]),
        tuple(islice(dict.fromkeys(found.policies), MAX_POLICIES)),
    )


def sign_in_code(text: str) -> str:
    """Return the AADSTS code in what Entra ID said, "" where there is none."""
    found = _AADSTS.search(text, 0, MAX_PARSED)
    return found[0] if found else ""


def _parsed(body: bytes) -> Any:
    """Return an answer's JSON, its text where it is none."""
    text = body.decode("utf-8-sig", "replace")
    try:
        return loads(text)
    except ValueError:
        return text


def _walk(value: dict[str, Any], found: _Found, depth: int) -> bool:
    """Take up one error and all within it; return whether it says anything."""
    found.nodes += 1
    if depth > MAX_DEPTH or found.nodes > MAX_NODES:
        return False
    error = _get(value, "error")
    if isinstance(error, dict):
        return _walk(error, found, depth + 1)
    if isinstance(error, str):
        return _sign_in(error, _text(_get(value, "error_description")), found)
    code = _get(value, "code")
    if isinstance(code, str) and code:
        found.codes.append(code)
    found.policies += _policies(value)
    text = _text(_get(value, "message"))
    within = [_walk(child, found, depth + 1) for child in _children(value)]
    said = [_message(text, found, depth, is_outer=any(within)), *within]
    return any(said)


def _sign_in(error: str, description: str, found: _Found) -> bool:
    found.codes += [error, sign_in_code(description)]
    found.leaves += description.split("\n")[:1] if description else []
    return bool(description)


def _message(text: str, found: _Found, depth: int, *, is_outer: bool) -> bool:
    """Take up the message of one level: its own words, or the error that it quotes."""
    if not text:
        return False
    begin, quoted = _quoted(text)
    if isinstance(quoted, dict) and _walk(quoted, found, depth + 1):
        return True
    for item in quoted if isinstance(quoted, list) else ():
        if isinstance(item, dict):
            found.policies += _policy_of(item)
    if quoted is not None and found.policies:
        text = text[:begin].removesuffix("Policy identifiers: '").rstrip(" :'")
    (found.outer if is_outer else found.leaves).append(text)
    return True


def _quoted(text: str) -> tuple[int, Any]:
    """Return the first JSON object or list within a text and where it begins, None for none."""
    if len(text) > MAX_PARSED:
        return 0, None
    starts = [match.start() for match in islice(re.finditer(r"[{\[]", text), MAX_STARTS)]
    decoder = json.JSONDecoder()
    for start in starts:
        for candidate in (text[start:], text[start:].replace('\\"', '"')):
            try:
                found, _ = decoder.raw_decode(candidate)
            except (ValueError, RecursionError):
                continue
            if found and isinstance(found, (dict, list)):
                return start, found
    return 0, None


def _children(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what stands one level deeper in an error."""
    for name in ("details", "innererror"):
        inner = _get(value, name)
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, dict):
                yield item
    for info in _listed(value, "additionalInfo"):
        if str(info.get("type")).casefold() == "innererror" and isinstance(info.get("info"), dict):
            inner = info["info"].get("value")
            if isinstance(inner, dict):
                yield inner
    yield from _by_field(_get(value, "errors"))


def _by_field(errors: Any) -> Iterator[dict[str, Any]]:
    """Yield the errors of ASP.NET's problem details: texts by field, or a list of errors."""
    if isinstance(errors, list):
        yield from (item for item in errors if isinstance(item, dict))
    if isinstance(errors, dict):
        for name, texts in errors.items():
            for text in texts if isinstance(texts, list) else [texts]:
                if isinstance(text, str):
                    yield {"message": f"{name}: {text}" if name else text}


def _listed(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = _get(value, name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _policies(value: dict[str, Any]) -> list[str]:
    """Return the Azure Policies that an error's `additionalInfo` names."""
    return [
        name
        for item in _listed(value, "additionalInfo")
        if item.get("type") == "PolicyViolation" and isinstance(item.get("info"), dict)
        for name in _policy_of(item["info"])
    ]


def _policy_of(info: dict[str, Any]) -> list[str]:
    """Return a policy by its name and the assignment that makes it hold, in one text."""
    name = _first(info, "policyDefinitionDisplayName", "policyDefinitionName")
    name = name or _named(info.get("policyDefinition"), "name")
    assigned = _first(info, "policyAssignmentId", "policyAssignmentName")
    assigned = assigned or _named(info.get("policyAssignment"), "id")
    shown = _first(info, "policyAssignmentDisplayName")
    shown = shown or _named(info.get("policyAssignment"), "name")
    if not (name or assigned or shown):
        return []
    by = f'"{name}"' if name else "without a name"
    said = " ".join(part for part in (f'"{shown}"' if shown else "", assigned) if part)
    return [on_one_line(f"{by}, assignment {said}" if said else by, MAX_TEXT)]


def _first(info: dict[str, Any], *names: str) -> str:
    return next((str(info[name]) for name in names if isinstance(info.get(name), str)), "")


def _named(value: Any, name: str) -> str:
    return _first(value, name) if isinstance(value, dict) else ""


def _get(value: dict[str, Any], name: str) -> Any:
    """Return a member by its name, in whatever case the service writes it."""
    if name in value:
        return value[name]
    folded = name.casefold()
    return next((item for key, item in value.items() if key.casefold() == folded), None)


def _text(value: Any) -> str:
    if isinstance(value, dict):  # OData: {"lang": ..., "value": ...}
        value = value.get("value")
    return value.strip() if isinstance(value, str) else ""


def _joined(texts: list[str]) -> str:
    """Return what several errors say, each once; what another one already says is left out."""
    kept: list[str] = []
    for text in dict.fromkeys(texts):
        if not any(text in other for other in kept):
            kept.append(text)
    return on_one_line(" ".join(islice(kept, MAX_LEAVES)), MAX_TEXT)
