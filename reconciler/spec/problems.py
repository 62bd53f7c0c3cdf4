"""Turn pydantic's errors into sentences with a place and the nearest valid name."""

from __future__ import annotations

import difflib
from bisect import bisect
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reconciler.diagnostics import Diagnostic
from reconciler.secrets import NAMES_SECRET, shortened
from reconciler.spec.document import Document, Keys
from reconciler.spec.hover import texts
from reconciler.spec.model import PATTERN_WORDS

EXPLAINED = "`reconcile explain {path}` says what it takes"
"""Where to read what a field of a spec takes; a model of another file has words of its own."""
FEW = 50
LONG = 500
BESIDE = 8
"""With how many names a word is compared in full, up to which length of it with more, and how
many of those are tried on each side of it.
"""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like `word`, or None when none is close."""
    found = difflib.get_close_matches(word, _likely(word, list(choices)), n=1, cutoff=0.6)
    return found[0] if found else None


def _likely(word: str, choices: list[str]) -> list[str]:
    """Return the choices with a letter less, or that begin or end most like a word.

    To compare a thousand wrong words with a thousand names in full takes half a minute.
    """
    if len(choices) <= FEW:
        return choices
    if len(word) > LONG:
        return []
    alike = _beside(word, sorted(choices))
    ends = _beside(word[::-1], sorted(choice[::-1] for choice in choices))
    shorter = {word[:at] + word[at + 1 :] for at in range(len(word))}.intersection(choices)
    return list(dict.fromkeys((*sorted(shorter), *alike, *(end[::-1] for end in ends))))


def _beside(word: str, ordered: list[str]) -> list[str]:
    at = bisect(ordered, word)
    return ordered[max(at - BESIDE, 0) : at + BESIDE]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a wrong word: the nearest choice, or all of them."""
    options = sorted(choices)
    close = nearest(word, options)
    if close:
        return f"did you mean `{close}`?"
    return f"one of: {', '.join(options)}" if options else ""


def diagnostics(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> list[Diagnostic]:
    """Return one diagnostic for each thing pydantic found wrong, in file order."""
    grouped: dict[Keys, list[Any]] = {}
    for item in error.errors(include_url=False):
        path = real_path(item["loc"], document.data, item["type"])
        grouped.setdefault(path, []).append(item)
    for path in _misspelt(grouped, model):
        grouped.pop(path, None)
    found = [d for path, items in grouped.items() for d in _told(items, path, document, model)]
    return sorted(
        found, key=lambda d: (d.position.line, d.position.column) if d.position else (0, 0)
    )


def _misspelt(grouped: Mapping[Keys, Iterable[Any]], model: type[BaseModel]) -> list[Keys]:
    """Return the fields that are missing only because their name is spelt otherwise."""
    unknown = [p for p, items in grouped.items() if _is_of(items, "extra_forbidden")]
    meant = {(*p[:-1], nearest(str(p[-1]), fields_at(model, p[:-1])) or "") for p in unknown}
    return [p for p, items in grouped.items() if p in meant and _is_of(items, "missing")]


def _is_of(items: Iterable[Any], kind: str) -> bool:
    return all(item["type"] == kind for item in items)


def _told(
    items: list[Any], path: Keys, document: Document, model: type[BaseModel]
) -> Iterable[Diagnostic]:
    """Yield what is wrong at one place; a value that fits no part of a union is one problem."""
    kinds = list(dict.fromkeys(item["type"] for item in items))
    if len(kinds) > 1 and all(kind in _SHAPES for kind in kinds):
        wanted = " or ".join(dict.fromkeys(_WANTED[kind] for kind in kinds))
        shown = _shown(items[0].get("input"), path)
        summary = f"`{_dotted(path)}` must be {wanted}, got {shown}"
        hint = _with_meaning(f"write {wanted}", model, path)
        yield Diagnostic(summary, document.position(path), hint=hint)
        return
    for kind in kinds:
        item = next(i for i in items if i["type"] == kind)
        yield _explain(item, path, document, model)


def real_path(loc: tuple[str | int, ...], data: Any, kind: str = "missing") -> Keys:
    """Return pydantic's location without the union tags it adds, as keys of the data.

    For an error of `kind` missing or unexpected the last part is that key: it is kept.
    """
    path: list[str | int] = []
    node = data
    for index, part in enumerate(loc):
        inside = isinstance(node, dict) and part in node
        inside = inside or (isinstance(node, list) and isinstance(part, int) and part < len(node))
        if inside:
            path.append(part)
            node = node[part]
        elif index == len(loc) - 1 and isinstance(node, dict) and kind in _ABOUT_KEYS:
            path.append(part)
    return tuple(path)


def _explain(item: Any, path: Keys, document: Document, model: type[BaseModel]) -> Diagnostic:
    kind, given, context = item["type"], item.get("input"), item.get("ctx") or {}
    if kind == "extra_forbidden":
        place = document.position(path, of_key=True)
        hint = did_you_mean(str(path[-1]), fields_at(model, path[:-1]))
        where = f" in `{'.'.join(map(str, path[:-1]))}`" if path[:-1] else ""
        return Diagnostic(f"unknown key `{path[-1]}`{where}", place, hint=hint)
    if kind == "missing":
        where = f" in `{'.'.join(map(str, path[:-1]))}`" if path[:-1] else ""
        place = document.position(path[:-1], of_key=True)
        hint = _with_meaning(f"add `{path[-1]}`", model, path)
        return Diagnostic(f"`{path[-1]}` is missing{where}", place, hint=hint)
    is_name = bool(item["loc"]) and item["loc"][-1] == "[key]"
    place = document.position(path, of_key=is_name)
    shown = _shown(given, path)
    subject = f"name in `{_dotted(path[:-1])}`" if is_name else f"`{_dotted(path)}`"
    summary, hint = _wrong_value(kind, subject, shown, {**context, "given": given}, item["msg"])
    return Diagnostic(summary, place, hint=hint or _way_out(kind, context, model, path))


def _way_out(kind: str, context: dict[str, Any], model: type[BaseModel], path: Keys) -> str:
    """Return what to do about a value where its error has no hint of its own."""
    if kind in _WANTED:
        return _with_meaning(f"make it {_WANTED[kind].format(**context)}", model, path)
    meaning = getattr(model, "explained", EXPLAINED).format(path=_explained(model, path))
    return f"correct it: {meaning}"


def _with_meaning(way: str, model: type[BaseModel], path: Keys) -> str:
    """Return a way out, with what the field means."""
    meaning = _help(model, path)
    return f"{way}. {meaning}" if meaning else way


def _explained(model: type[BaseModel], path: Keys) -> str:
    """Return a path as `reconcile explain` takes it: fields only, no names and no indices."""
    is_field = (str(path[end]) in fields_at(model, path[:end]) for end in range(len(path)))
    return ".".join(str(part) for part, known in zip(path, is_field, strict=True) if known)


def _dotted(path: Keys) -> str:
    """Return a path as people write it, each long part of it shortened."""
    return ".".join(shortened(part, MAX_PART) for part in path) or "the spec"


def _wrong_value(
    kind: str, subject: str, shown: str, context: dict[str, Any], message: str
) -> tuple[str, str]:
    """Return the sentence and hint for a value that does not fit; no hint for the field's own."""
    given = context["given"]
    if kind == "union_tag_not_found":
        tag = str(context.get("discriminator", "")).strip("'")
        return f"{subject} has no `{tag}`", f"add a `{tag}` to it"
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        expected = str(context.get("expected") or context.get("expected_tags", ""))
        choices = [c.strip(" '") for c in expected.replace(" or ", ",").split(",")]
        return f"invalid {subject}: {shown}", did_you_mean(str(given), choices)
    if kind == "string_pattern_mismatch":
        words = PATTERN_WORDS.get(context["pattern"], f"text that matches {context['pattern']}")
        return f"invalid {subject}: {shown}", f"expected {words}"
    if kind == "value_error":
        return f"{subject}: {context.get('error', message)}", ""
    if given is None:
        return f"{subject} has no value", "give it a value, or remove the key"
    wanted = _WANTED.get(kind)
    if wanted:
        hint = _SHAPES.get(kind, "")
        return f"{subject} must be {wanted.format(**context)}, got {shown}", hint
    return f"{subject}: {message[:1].lower()}{message[1:]}, got {shown}", ""


_WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
}
"""What each of pydantic's error types asks for, with its own limits."""

_SHAPES = {
    "int_type": "write digits only, without quotes",
    "int_parsing": "write digits only, without quotes",
    "int_from_float": "write digits only, without a point",
    "float_type": "write digits only, without quotes",
    "bool_type": "write `true` or `false`, without quotes",
    "string_type": "write it on one line, in quotes",
    "dict_type": "write `key: value` lines below it, indented",
    "model_type": "write `key: value` lines below it, indented",
    "model_attributes_type": "write `key: value` lines below it, indented",
    "list_type": "begin each item with `- ` on a line of its own",
}
"""How to write a value of the shape that is wanted."""

_ABOUT_KEYS = ("missing", "extra_forbidden")
MAX_PART = 40


def _shown(value: Any, path: Keys = ()) -> str:
    """Return a short, safe form of what the user wrote; nothing of what is named like a secret."""
    names_secret = any(isinstance(part, str) and NAMES_SECRET.search(part) for part in path[-2:])
    if isinstance(value, str) and names_secret and not value.lstrip().startswith("${{"):
        return f"text of {len(value)} characters"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return shortened(repr(value), 60)


def _help(model: type[BaseModel], path: Keys) -> str:
    for candidate in models_at(model, path[:-1]):
        text = texts(candidate).get(str(path[-1]))
        if text:
            return text.split("\n\n")[0].replace("\n", " ")
    return ""


def fields_at(model: type[BaseModel], path: Keys) -> set[str]:
    """Return the keys that are valid at a path of the spec."""
    names: set[str] = set()
    for candidate in models_at(model, path):
        names |= {info.alias or name for name, info in candidate.model_fields.items()}
    return names


def models_at(model: type[BaseModel], path: Keys) -> list[type[BaseModel]]:
    """Return the models that a path may lead to (several, where a field is a union)."""
    level: list[Any] = [model]
    for part in path:
        level = [inner for kind in level for inner in _step(kind, part)]
    return [kind for kind in level if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _step(kind: Any, part: str | int) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return _options(field.annotation) if field else []
    if get_origin(kind) is dict:
        return _options(get_args(kind)[1])
    if get_origin(kind) is list:
        return _options(get_args(kind)[0])
    return []


def _options(annotation: Any) -> list[Any]:
    """Return what an annotation may hold: unions opened, `Annotated` taken off."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [inner for option in get_args(annotation) for inner in _options(option)]
    return [annotation]
