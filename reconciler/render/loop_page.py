"""The state of all specs as one self-contained page: read-only, nothing is loaded from anywhere.

It is made of what `/status` answers. Every text of a spec, of git or of Azure is escaped; the policy
in its head allows its own style and its own filter, by their digests, and nothing else.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.engine.types import JsonObject
from reconciler.render.loop_page_style import LOOP_SCRIPT, LOOP_STYLE
from reconciler.render.loop_plan import plan_fold
from reconciler.render.plan_html import MAX_BYTES, digest_of, escaped

STATES = {
    "stalled": "stalled",
    "failed": "failed",
    "approval": "waits for approval",
    "drifted": "drifted",
    "pending": "Azure at work",
    "held": "held",
    "unknown": "no pass yet",
    "ready": "ready",
}
"""What a state is called, the most urgent first."""
URGENT = ("stalled", "failed", "approval")
MOST_PROBLEMS = 50
MOST_OPENED = 10
"""So many urgent specs are unfolded; of more, people want the list first."""
APPROVAL_TAG = "reconcile-approve"
SHORT_COMMIT = 12


@dataclass(frozen=True)
class Overview:
    """What the page tells of all specs: `states` of all, `shown` of one page of them."""

    states: Sequence[str]
    shown: Sequence[JsonObject]
    at: str
    page: int = 1
    pages: int = 1
    costs: Mapping[str, str] | None = None


def loop_page(overview: Overview) -> str:
    """Return the page."""
    room, blocks = MAX_BYTES, []
    is_opened = sum(state in URGENT for state in overview.states) <= MOST_OPENED
    for spec in overview.shown:
        block = _spec(spec, is_opened=is_opened, is_large=room < 0)
        room -= len(block.encode())
        blocks.append(block)
    body = [
        f"<h1>reconcile loop</h1><p class='quiet'>as of {escaped(overview.at)}</p>",
        _counts(overview),
        _costs(overview.costs or {}),
        _filter(),
        f"<div id='changes'>{''.join(blocks)}</div>",
        _pages(overview),
    ]
    return _document("\n".join(part for part in body if part))


def _document(body: str) -> str:
    policy = f"default-src 'none'; style-src '{digest_of(LOOP_STYLE)}'; "
    policy += f"script-src '{digest_of(LOOP_SCRIPT)}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>reconcile loop</title>\n<style>{LOOP_STYLE}</style></head>\n"
        f"<body>\n{body}\n<script>{LOOP_SCRIPT}</script>\n</body></html>\n"
    )


def urgency(state: str) -> int:
    """Return how far down a state stands."""
    return [*STATES, state].index(state)


def _counts(overview: Overview) -> str:
    found = Counter(overview.states)
    parts = [
        f"<span class='{state}'><strong>{found[state]}</strong> {escaped(words)}</span>"
        for state, words in STATES.items()
        if found[state]
    ]
    total = len(overview.states)
    specs = f"<span><strong>{total}</strong> {'spec' if total == 1 else 'specs'}</span>"
    return f"<p class='counts'>{specs}{''.join(parts)}</p>"


def _costs(costs: Mapping[str, str]) -> str:
    told = " and ".join(f"{currency} {amount}" for currency, amount in costs.items())
    return f"<p class='cost'>{escaped(told)} an hour while serving</p>" if told else ""


def _filter() -> str:
    return (
        "<p><input id='filter' type='search' placeholder='filter' "
        "aria-label='filter the specs'> <span id='shown' class='quiet'></span></p>"
    )


def _pages(overview: Overview) -> str:
    if overview.pages == 1:
        return ""
    links = [
        f"<strong>{n}</strong> " if n == overview.page else f"<a href='?page={n}'>{n}</a>"
        for n in range(1, overview.pages + 1)
    ]
    return f"<nav>page {''.join(links)}</nav>"


def _spec(spec: JsonObject, *, is_opened: bool, is_large: bool) -> str:
    state = str(spec["state"])
    opened = " open" if is_opened and state in URGENT else ""
    message = str(spec.get("message", ""))
    why = f" <span class='why'>{escaped(message)}</span>" if message and state != "ready" else ""
    head = (
        f"<summary><span class='state {escaped(state)}'>{escaped(STATES.get(state, state))}</span> "
        f"<code>{escaped(spec['spec'])}</code> {_commit(spec)}{_drift_count(spec)}"
        f"{_cost(spec)}{why}</summary>"
    )
    parts = () if is_large or "conditions" not in spec else _parts(spec)
    return f"<details class='change'{opened}>{head}{''.join(parts)}</details>\n"


def _parts(spec: JsonObject) -> Iterable[str]:
    yield _approval(spec)
    yield _problems(spec["diagnostics"])
    yield _working(spec["working"])
    yield _drifted(spec["drifted"])
    yield _contended(spec["contended"])
    yield _conditions(spec)
    yield plan_fold(spec.get("resource_plan"))
    yield _facts(spec)


def _commit(spec: JsonObject) -> str:
    ref, _, commit = str(spec.get("revision", "")).partition("@sha1:")
    return (
        f"<span class='quiet'>{escaped(ref)} {escaped(commit[:SHORT_COMMIT])}</span> "
        if ref
        else ""
    )


def _drift_count(spec: JsonObject) -> str:
    count = spec.get("drift", 0)
    return f"<span class='drifted'>{escaped(count)} drifted</span> " if count else ""


def _cost(spec: JsonObject) -> str:
    match spec.get("cost"):
        case {"currency": currency, "per_hour": amount}:
            return f"<span class='quiet'>{escaped(f'{currency} {amount}')}/h</span> "
        case _:
            return ""


def _approval(spec: JsonObject) -> str:
    effect = " ".join(spec["approvals"]) or str(spec["plan"])
    if spec["state"] != "approval" or not effect:
        return ""
    since = spec.get("waiting_for_approval_since", "")
    command = approve_command(str(spec["spec"]), effect, spec.get("resource_plan"))
    how = f"approve it with<pre>{escaped(command)}</pre>" if command else ""
    told = f"<code>{escaped(effect)}</code> waits since {escaped(since)}; {how}"
    return f"<section class='attention'>{told}</section>"


def approve_command(spec: str, effect: str, plan: Any) -> str:
    """Return what approves a plan, to be pasted into a shell; "" where its group is not known."""
    match plan:
        case {"target": {"subscription_id": str(subscription), "resource_group": str(group)}}:
            scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
        case _:
            return ""
    tag = f"{APPROVAL_TAG}.{spec}={effect}"
    words = ["az", "tag", "update", "--operation", "Merge", "--resource-id", scope, "--tags", tag]
    return shlex.join(words)


def _problems(found: Sequence[JsonObject]) -> str:
    rows = [f"<li>{escaped(one['text'])}</li>" for one in found[:MOST_PROBLEMS]]
    more = f"<li>and {len(found) - MOST_PROBLEMS} more</li>" if len(found) > len(rows) else ""
    return f"<section class='bad'><ul>{''.join(rows)}{more}</ul></section>" if rows else ""


def _working(found: Sequence[JsonObject]) -> str:
    rows = [
        f"<li><code>{escaped(one['address'])}</code> {escaped(one['kind'])}: "
        f"{escaped(one['phase'] or 'begun')}, since {escaped(one['since'])}</li>"
        for one in found
    ]
    return f"<h3>Azure is working on</h3><ul>{''.join(rows)}</ul>" if rows else ""


def _drifted(found: Sequence[JsonObject]) -> str:
    rows = []
    for one in found:
        who = " ".join(str(one[name]) for name in ("changedBy", "clientType", "time") if one[name])
        field = f"<code>{escaped(one['field'])}</code>" if one["field"] else "all of it"
        rows.append(
            f"<tr><td>{escaped(one['address'])}</td><td>{field}</td>"
            f"<td>{escaped(who or 'nobody knows who')}</td></tr>"
        )
    return f"<h3>Changed in Azure</h3><table>{''.join(rows)}</table>" if rows else ""


def _contended(found: Sequence[str]) -> str:
    rows = [f"<li><code>{escaped(one)}</code></li>" for one in found]
    return f"<h3>Left to another writer for now</h3><ul>{''.join(rows)}</ul>" if rows else ""


def _conditions(spec: JsonObject) -> str:
    rows = [
        f"<tr><th>{escaped(one['type'])}</th><td class='word'>{escaped(one['status'])}</td>"
        f"<td class='word'>{escaped(one['reason'])}</td><td>{escaped(one['message'])}</td>"
        f"<td class='quiet word'>{escaped(one['lastTransitionTime'])}</td></tr>"
        for one in spec["conditions"]
    ]
    return f"<h3>Conditions</h3><table>{''.join(rows)}</table>"


def _facts(spec: JsonObject) -> str:
    told = {
        "applied": spec["applied"],
        "last pass": f"{spec['ended']}, {spec['reads']} reads, {spec['writes']} writes",
        "last without a failure": spec["last_success"] or "none",
    }
    text = "; ".join(f"{name} {value}" for name, value in told.items() if value)
    return f"<p class='quiet'>{escaped(text)}</p>"
