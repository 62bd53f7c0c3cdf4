"""GitHub's check runs, which Apps alone may make: the token of a workflow is one.

Source: docs.github.com/rest/checks/runs; refusals as public issues quote them.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import (
    GitHubError,
    malformed,
    member_of,
    not_found,
    text_of,
)
from reconciler.sandbox.forge.github_lists import page_of, paged
from reconciler.sandbox.forge.github_shapes import app, made_by, node

Json = dict[str, Any]
CHECKS = "forge_checks"
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale",
    "timed_out",
)  # fmt: skip
LEVELS = ("notice", "warning", "failure")
MOST_CHARACTERS, MOST_ANNOTATIONS = 65_535, 50


def create(ask: Ask) -> Reply:
    """POST a check run for a commit that is there."""
    _app_only(ask)
    name, sha = text_of(ask.body, "name"), text_of(ask.body, "head_sha") or ""
    if ask.repositories.resolve(ask.repo, sha) != sha:
        raise GitHubError(422, f"No commit found for SHA: {sha}")
    record = {
        "id": ask.repositories.next_id(),
        "repo": ask.repo.lower(),
        "sha": sha,
        "name": name,
        "status": "queued",
        "conclusion": None,
        "started": ask.repositories.time(),
        "completed": None,
        "external_id": "",
        "details_url": None,
        "output": {"title": None, "summary": None, "text": None},
        "annotations": [],
        **made_by(ask),
    }
    return Reply(201, _check(ask, _changed(ask, record)))


def update(ask: Ask) -> Reply:
    """PATCH a check run; annotations are added to those that it has."""
    _app_only(ask)
    record = _found(ask)
    if record["app"][1] != ask.token.app_id:
        raise GitHubError(
            403,
            f"Invalid app_id `{ask.token.app_id}` - check run can only be modified by the "
            "GitHub App that created it.",
        )
    record["name"] = text_of(ask.body, "name", required=False) or record["name"]
    return Reply(200, _check(ask, _changed(ask, record)))


def show(ask: Ask) -> Reply:
    """GET one check run."""
    return Reply(200, _check(ask, _found(ask)))


def list_annotations(ask: Ask) -> Reply:
    """GET the annotations of a check run."""
    return paged(ask, _found(ask)["annotations"])


def of_commit(ask: Ask) -> Reply:
    """GET the check runs of a commit or branch; `check_name` narrows it."""
    sha = ask.repositories.resolve(ask.repo, ask.args["sha"])
    if sha is None:
        raise GitHubError(422, f"No commit found for SHA: {ask.args['sha']}")
    named = {"name": ask.query["check_name"]} if "check_name" in ask.query else {}
    found = ask.repositories.kept(CHECKS, repo=ask.repo.lower(), sha=sha, **named)
    shown, headers = page_of(ask, [_check(ask, one) for one in reversed(found)])
    return Reply(200, {"total_count": len(found), "check_runs": shown}, headers)


def _app_only(ask: Ask) -> None:
    if not ask.token.app:
        raise GitHubError(403, "You must authenticate via a GitHub App.")
    if not ask.token.may("checks:write"):
        raise GitHubError(403, "Resource not accessible by integration")


def _changed(ask: Ask, record: Json) -> Json:
    """Return a check run, kept, with what the body states."""
    status = member_of(ask.body, "status", STATUSES)
    conclusion = member_of(ask.body, "conclusion", CONCLUSIONS)
    if status == "completed" and conclusion is None:
        raise malformed('"conclusion" wasn\'t supplied.')
    changed = {**record, "status": status or record["status"]}
    if conclusion is not None:
        now = ask.repositories.time()
        changed |= {"status": "completed", "conclusion": conclusion, "completed": now}
    for field in ("external_id", "details_url"):
        changed[field] = text_of(ask.body, field, required=False) or record[field]
    output = ask.body.get("output")
    if output is not None:
        changed |= _output(output, record)
    ask.repositories.store.put_document(CHECKS, str(record["id"]), changed)
    return changed


def _output(output: Any, record: Json) -> Json:
    if not isinstance(output, dict):
        raise malformed(f"For 'properties/output', {output!r} is not an object.")
    shown = {
        "title": text_of(output, "title", required=False) or record["output"]["title"],
        "summary": text_of(output, "summary"),
        "text": text_of(output, "text", required=False),
    }
    if shown["title"] is None:
        raise malformed('"title" wasn\'t supplied.')
    for text in (shown["summary"], shown["text"]):
        if len(text or "") > MOST_CHARACTERS:
            allowed = f"Only {MOST_CHARACTERS} characters are allowed"
            raise malformed(f"{allowed}; {len(text or '')} were supplied.")
    sent = output.get("annotations", [])
    if not isinstance(sent, list):
        raise malformed(f"For 'properties/annotations', {sent!r} is not an array.")
    if len(sent) > MOST_ANNOTATIONS:
        raise malformed(
            f"No more than {MOST_ANNOTATIONS} items are allowed; {len(sent)} were supplied."
        )
    added = [_annotation(one) for one in sent]
    return {"output": shown, "annotations": [*record["annotations"], *added]}


def _annotation(sent: Any) -> Json:
    if not isinstance(sent, dict):
        raise malformed(f"For 'items', {sent!r} is not an object.")
    for field in ("start_line", "end_line"):
        line = sent.get(field)
        if line is None:
            raise malformed(f'"{field}" wasn\'t supplied.')
        if not isinstance(line, int):
            raise malformed(f"For 'properties/{field}', {line!r} is not an integer.")
    text_of(sent, "annotation_level")
    return {
        "path": text_of(sent, "path"),
        "start_line": sent["start_line"],
        "end_line": sent["end_line"],
        "start_column": sent.get("start_column"),
        "end_column": sent.get("end_column"),
        "annotation_level": member_of(sent, "annotation_level", LEVELS),
        "message": text_of(sent, "message"),
        "title": text_of(sent, "title", required=False),
        "raw_details": text_of(sent, "raw_details", required=False),
    }


def _found(ask: Ask) -> Json:
    record = ask.repositories.store.document(CHECKS, ask.args["c"])
    if record is None or record["repo"] != ask.repo.lower():
        raise not_found()
    return dict(record)


def _check(ask: Ask, record: Json) -> Json:
    link = f"{ask.url}/repos/{ask.repo}/check-runs/{record['id']}"
    count = len(record["annotations"])
    output = {"annotations_count": count, "annotations_url": f"{link}/annotations"}
    return {
        "id": record["id"],
        "node_id": node("CheckRun", record["id"]),
        "head_sha": record["sha"],
        "name": record["name"],
        "external_id": record["external_id"],
        "url": link,
        "html_url": f"{ask.url}/{ask.repo}/runs/{record['id']}",
        "details_url": record["details_url"],
        "status": record["status"],
        "conclusion": record["conclusion"],
        "started_at": record["started"],
        "completed_at": record["completed"],
        "output": {**record["output"], **output},
        "app": app(*record["app"]),
        "pull_requests": [],
    }


_R = "repos/{o}/{r}"
_DOCS = "checks/runs#"
_READ = ("checks:read",)
ROUTES = (
    Route("POST", _R + "/check-runs", create, (), _DOCS + "create-a-check-run"),
    Route("PATCH", _R + "/check-runs/{c}", update, (), _DOCS + "update-a-check-run"),
    Route("GET", _R + "/check-runs/{c}", show, _READ, _DOCS + "get-a-check-run"),
    Route(
        "GET",
        _R + "/check-runs/{c}/annotations",
        list_annotations,
        _READ,
        _DOCS + "list-check-run-annotations",
    ),
    Route(
        "GET",
        _R + "/commits/{sha*}/check-runs",
        of_commit,
        _READ,
        _DOCS + "list-check-runs-for-a-git-reference",
    ),
)
