"""The parameters of a template deployment: what was sent, what was declared, what results.

Source: Microsoft Learn, "Parameters in ARM templates"; error texts as ARM gives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.expressions import evaluate, invalid_template, parse_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.arm.expressions import Function

Json = dict[str, Any]
_USAGE = "Please see https://aka.ms/arm-create-parameter-file for usage details"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "array": list,
    "object": dict,
    "secureobject": dict,
}


def resolve(template: Json, sent: Json, functions: Mapping[str, Function], values: Json) -> None:
    """Fill `values` by lower-case name, in order of declaration: a default may use earlier ones.

    A parameter sent as null takes its default. Raises ArmError InvalidTemplate.
    """
    declared = template.get("parameters") or {}
    _check_known(declared, sent)
    given = {name.lower(): entry for name, entry in sent.items()}
    for name, about in declared.items():
        entry = given.get(name.lower()) or {}
        if entry.get("reference") is not None:
            raise invalid_template(
                f"The parameter '{name}' is a Key Vault reference, which is not emulated"
            )
        value = entry.get("value")
        if value is None:
            value = _default(name, about, functions)
        else:
            _check(name, about, value)
        values[name.lower()] = value


def shown(template: Json, values: Json) -> Json:
    """Return parameters as a deployment's GET shows them: secure ones without value."""
    found = {}
    for name, about in (template.get("parameters") or {}).items():
        entry: Json = {"type": _proper(str(about.get("type", "")))}
        if not str(about.get("type", "")).lower().startswith("secure"):
            entry["value"] = values.get(name.lower())
        found[name] = entry
    return found


def _check_known(declared: Json, sent: Json) -> None:
    known = {name.lower() for name in declared}
    unknown = [name for name in sent if name.lower() not in known]
    if unknown:
        raise invalid_template(
            f"The template parameters '{', '.join(unknown)}' in the parameters file are not valid; "
            "they are not present in the original template and can therefore not be provided at "
            "deployment time. The only supported parameters for this template are "
            f"'{', '.join(declared)}'. Please see https://aka.ms/arm-pass-parameter-values for "
            "usage details"
        )


def _default(name: str, about: Json, functions: Mapping[str, Function]) -> Any:
    if "defaultValue" not in about:
        raise invalid_template(
            f"The value for the template parameter '{name}' is not provided. {_USAGE}"
        )
    parse_all(about["defaultValue"], functions)
    return evaluate(about["defaultValue"], functions)


def _check(name: str, about: Json, value: Any) -> None:
    wanted = str(about.get("type", "")).lower()
    expected = _TYPES.get(wanted)
    if expected is None:
        raise invalid_template(f"The type '{about.get('type')}' of parameter '{name}' is not valid")
    if not isinstance(value, expected) or (wanted == "int" and isinstance(value, bool)):
        raise invalid_template(
            f"Template parameter JToken type is not valid. Expected '{_proper(wanted)}'. Actual "
            f"'{_json_type(value)}' for parameter '{name}'. {_USAGE}"
        )
    allowed = about.get("allowedValues")
    if allowed and not any(_same(value, one) for one in allowed):
        choices = ",".join(str(one) for one in allowed)
        raise invalid_template(
            f"The provided value for the template parameter '{name}' is not valid. The value "
            f"'{value}' is not part of the allowed value(s): '{choices}'"
        )


def _same(value: Any, choice: Any) -> bool:
    if isinstance(value, str) and isinstance(choice, str):
        return value.lower() == choice.lower()
    return bool(value == choice)


def _proper(type_: str) -> str:
    return {"securestring": "SecureString", "secureobject": "SecureObject"}.get(
        type_.lower(), type_[:1].upper() + type_[1:].lower()
    )


def _json_type(value: Any) -> str:
    names = {bool: "Boolean", int: "Integer", str: "String", list: "Array", dict: "Object"}
    return names.get(type(value), "Float")
