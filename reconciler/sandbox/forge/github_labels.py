"""GitHub's labels: of a repository, and on its issues and pull requests.

Source: docs.github.com/rest/issues/labels. A label put on an issue is made where there is none.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import (
    GitHubError,
    invalid,
    malformed,
    not_found,
    text_of,
)
from reconciler.sandbox.forge.github_lists import paged
from reconciler.sandbox.forge.github_shapes import LABELS, label, labels
from reconciler.sandbox.forge.issues import find_issue, save_issue

Json = dict[str, Any]
MOST_CHARACTERS = 50


def names_of(body: Json) -> list[str]:
    """Return the labels that a body names, as texts or as objects with a name."""
    sent = body.get("labels", [])
    if not isinstance(sent, list):
        raise malformed(f"For 'properties/labels', {sent!r} is not an array.")
    names = [one.get("name") if isinstance(one, dict) else one for one in sent]
    for name in names:
        if not isinstance(name, str):
            raise malformed(f"For 'items', {name!r} is not a string.")
    return [str(name) for name in names]


def made(ask: Ask, names: list[str]) -> list[str]:
    """Return labels as the repository spells them, each made where there was none."""
    return [str(_found(ask, name)["name"]) for name in dict.fromkeys(names)]


def _found(ask: Ask, name: str) -> Json:
    known = ask.repositories.store.document(LABELS, _key(ask, name))
    return dict(known) if known else _make(ask, name, "ededed", None)


def _make(ask: Ask, name: str, color: str, description: str | None) -> Json:
    if not name.strip():
        raise invalid("Label", "missing_field", "name")
    if len(name) > MOST_CHARACTERS:
        told = f"name is too long (maximum is {MOST_CHARACTERS} characters)"
        raise invalid("Label", "custom", "name", told)
    record = {
        "id": ask.repositories.next_id(),
        "repo": ask.repo.lower(),
        "name": name,
        "color": color,
        "description": description,
    }
    ask.repositories.store.put_document(LABELS, _key(ask, name), record)
    return record


def _key(ask: Ask, name: str) -> str:
    return f"{ask.repo.lower()}#{name.lower()}"


def listed(ask: Ask) -> Reply:
    """GET the labels of a repository."""
    found = ask.repositories.kept(LABELS, repo=ask.repo.lower())
    return paged(ask, [label(ask, one) for one in found])


def create(ask: Ask) -> Reply:
    """POST a label to a repository."""
    name = text_of(ask.body, "name") or ""
    if ask.repositories.store.document(LABELS, _key(ask, name)) is not None:
        raise invalid("Label", "already_exists", "name")
    color = text_of(ask.body, "color", required=False) or "ededed"
    description = text_of(ask.body, "description", required=False)
    return Reply(201, label(ask, _make(ask, name, color, description)))


def of_issue(ask: Ask) -> Reply:
    """GET the labels of an issue."""
    return paged(ask, labels(ask, find_issue(ask, ask.args["n"])))


def add(ask: Ask) -> Reply:
    """POST labels to those that an issue has."""
    issue = find_issue(ask, ask.args["n"])
    kept = [*issue.get("labels", []), *made(ask, names_of(ask.body))]
    return _set(ask, issue, list(dict.fromkeys(kept)))


def replace(ask: Ask) -> Reply:
    """PUT the labels of an issue."""
    return _set(ask, find_issue(ask, ask.args["n"]), made(ask, names_of(ask.body)))


def remove(ask: Ask) -> Reply:
    """DELETE a label from an issue."""
    issue, name = find_issue(ask, ask.args["n"]), ask.args["name"].lower()
    kept = [one for one in issue.get("labels", []) if one.lower() != name]
    if kept == issue.get("labels", []):
        raise GitHubError(404, "Label does not exist")
    return _set(ask, issue, kept)


def show(ask: Ask) -> Reply:
    """GET one label."""
    record = ask.repositories.store.document(LABELS, _key(ask, ask.args["name"]))
    if record is None:
        raise not_found()
    return Reply(200, label(ask, record))


def _set(ask: Ask, issue: Json, names: list[str]) -> Reply:
    return Reply(200, labels(ask, save_issue(ask, {**issue, "labels": names})))


_R = "repos/{o}/{r}"
_READ = ("issues:read", "pull-requests:read")
_WRITE = ("issues:write", "pull-requests:write")
_DOCS = "issues/labels#"
_OF = _R + "/issues/{n}/labels"
ROUTES = (
    Route("GET", _R + "/labels", listed, _READ, _DOCS + "list-labels-for-a-repository"),
    Route("POST", _R + "/labels", create, _WRITE, _DOCS + "create-a-label"),
    Route("GET", _R + "/labels/{name*}", show, _READ, _DOCS + "get-a-label"),
    Route("GET", _OF, of_issue, _READ, _DOCS + "list-labels-for-an-issue"),
    Route("POST", _OF, add, _WRITE, _DOCS + "add-labels-to-an-issue"),
    Route("PUT", _OF, replace, _WRITE, _DOCS + "set-labels-for-an-issue"),
    Route("DELETE", _OF + "/{name*}", remove, _WRITE, _DOCS + "remove-a-label-from-an-issue"),
)
