"""Four of Azure Policy's built-in definitions, those that turn away most requests.

Source: github.com/Azure/azure-policy, built-in-policies/policyDefinitions/General and Tags.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"


def _built_in(guid: str, title: str, mode: str, parameters: Json, condition: Json) -> Json:
    properties = {
        "displayName": title,
        "policyType": "BuiltIn",
        "mode": mode,
        "metadata": {"category": "Tags" if "tag" in title else "General"},
        "parameters": parameters,
        "policyRule": {"if": condition, "then": {"effect": "deny"}},
    }
    kind = "Microsoft.Authorization/policyDefinitions"
    return {"id": f"{DEFINITIONS}/{guid}", "name": guid, "type": kind, "properties": properties}


def _parameter(name: str, type_: str = "Array") -> Json:
    return {name: {"type": type_, "metadata": {"displayName": name}}}


_LOCATIONS = "listOfAllowedLocations"
_OUTSIDE: Json = {
    "allOf": [
        {"field": "location", "notIn": f"[parameters('{_LOCATIONS}')]"},
        {"field": "location", "notEquals": "global"},
        {"field": "type", "notEquals": "Microsoft.AzureActiveDirectory/b2cDirectories"},
    ]
}
BUILT_IN: dict[str, Json] = {
    found["name"]: found
    for found in (
        _built_in(
            "e56962a6-4747-49cd-b67b-bf8b01975c4c",
            "Allowed locations",
            "Indexed",
            _parameter(_LOCATIONS),
            _OUTSIDE,
        ),
        _built_in(
            "871b6d14-10aa-478d-b590-94f262ecfa99",
            "Require a tag on resources",
            "Indexed",
            _parameter("tagName", "String"),
            {"field": "[concat('tags[', parameters('tagName'), ']')]", "exists": "false"},
        ),
        _built_in(
            "a08ec900-254a-4555-9bf5-e42af04b5c5c",
            "Allowed resource types",
            "Indexed",
            _parameter("listOfResourceTypesAllowed"),
            {"not": {"field": "type", "in": "[parameters('listOfResourceTypesAllowed')]"}},
        ),
        _built_in(
            "6c112d4e-5bc7-47ae-a041-ea2d9dccd749",
            "Not allowed resource types",
            "All",
            _parameter("listOfResourceTypesNotAllowed"),
            {"field": "type", "in": "[parameters('listOfResourceTypesNotAllowed')]"},
        ),
    )
}
