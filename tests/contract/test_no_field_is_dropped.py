"""Whatever a spec says of something that exists, a plan answers: it is written, replaced or told.

Each value of each example is changed by itself, after the example was applied. What a plan would
then neither write, nor refuse, nor tell is silently not done.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from reconciler.diagnostics import SpecError
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.decide import decide_all
from reconciler.operations.refresh import Snapshot, observe_all
from reconciler.render.fields import Views
from reconciler.render.held import held_of
from reconciler.render.kind_views import kind_views
from reconciler.spec.document import parse
from reconciler.spec.sections import sections_of
from tests.support.azure import ROOT

Path = tuple[Any, ...]

EXAMPLE = ROOT / "specs/phi3-ultrachat.yaml"
PROBE = {
    "initial_delay": 60,
    "period": 20,
    "timeout": 5,
    "success_threshold": 2,
    "failure_threshold": 9,
}
MORE: dict[str, Any] = {
    "workspace": {
        "friendly_name": "Support",
        "description": "For the support team.",
        "public_network_access": "enabled",
        "system_datastores_auth_mode": "access_key",
        "hbi_workspace": False,
        "managed_network": {"isolation_mode": "allow_internet_outbound"},
        "permanently_delete": True,
        "tags": {"part": "a"},
        "storage_account": {"tags": {"part": "a"}},
    },
    "compute": {"gpu-cluster": {"tags": {"part": "a"}}},
    "datasets": {"ultrachat": {"description": "Chats.", "tags": {"part": "a"}}},
    "jobs": {
        "finetune": {
            "display_name": "Fine-tune",
            "experiment_name": "support",
            "description": "The first one.",
            "properties": {"part": "a"},
            "tags": {"part": "a"},
            "timeout_minutes": 600,
            "queue_timeout_minutes": 100,
            "outputs": {"registered_model": {"name": "phi3-ultrachat"}},
        }
    },
    "models": {"phi3-ultrachat": {"description": "The first one.", "tags": {"part": "a"}}},
    "endpoints": {
        "phi3-ultrachat-ep": {
            "description": "Answers.",
            "public_network_access": "enabled",
            "tags": {"part": "a"},
        }
    },
    "deployments": {
        "blue": {
            "request_settings": {
                "request_timeout_ms": 60000,
                "max_concurrent_requests_per_instance": 2,
                "max_queue_wait_ms": 500,
            },
            "liveness_probe": PROBE,
            "readiness_probe": dict(PROBE),
            "environment": "azureml://registries/azureml/environments/minimal/versions/1",
            "model_mount_path": "/mnt/model",
            "data_collector": {
                "collections": {"model_inputs": {"enabled": True}},
                "rolling_rate": "day",
                "sampling_rate": 0.5,
                "request_logging": {"capture_headers": ["x-a"]},
            },
            "description": "The first one.",
            "properties": {"part": "a"},
            "environment_variables": {"PART": "a"},
            "egress_public_network_access": "enabled",
            "app_insights_enabled": True,
            "tags": {"part": "a"},
        }
    },
    "hub": {"friendly_name": "Hub", "description": "A hub.", "tags": {"part": "a"}},
    "project": {"friendly_name": "Project", "description": "One.", "tags": {"part": "a"}},
}
"""What the example leaves to its defaults."""
HOW = {
    ("quota", "on_short"),
    ("quota", "wait_minutes"),
    ("jobs", "finetune", "timeout_minutes"),
    ("jobs", "finetune", "queue_timeout_minutes"),
    ("workspace", "permanently_delete"),
    *(("lifecycle", address, "protect") for address in ("workspace", "models", "hub", "project")),
}
"""How something is waited for or deleted: nothing that Azure holds."""
MOST_TRIED = 60


def merged(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def words() -> dict[str, list[str]]:
    """The words that each field of the spec takes, by its name."""
    schema = json.loads((ROOT / "schemas/reconcile.v1.schema.json").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = defaultdict(list)

    def look(node: Any) -> None:
        if isinstance(node, dict):
            for name, field in (node.get("properties") or {}).items():
                shown = field.get("enum", ()) if isinstance(field, dict) else ()
                found[name] += (w for w in shown if isinstance(w, str))
        for item in node.values() if isinstance(node, dict) else node:
            if isinstance(item, dict | list):
                look(item)

    look(schema)
    return found


WORDS = words()


def others(name: Any, value: Any) -> list[Any]:
    """What may stand in place of a value, the likeliest first."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 1.5, value / 2]
    return [f"{value}x", f"{value}1", *(w for w in WORDS.get(name, ()) if w != value)]


def with_value(document: Any, path: Path, value: Any) -> Any:
    changed = deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def loaded_with(document: Any) -> Loaded | None:
    text = StringIO()
    json.dump(document, text)
    try:
        return load_document(parse(text.getvalue(), "spec.yaml", EXAMPLE.parent))
    except SpecError:
        return None


def is_answered(loaded: Loaded, before: Loaded, snapshot: Snapshot) -> bool:
    same = {
        a
        for a, r in loaded.resources.items()
        if a in before.resources and before.resources[a].resource_id == r.resource_id
    }
    if loaded.resources.keys() - same:
        return True
    seen = {a: snapshot.observed.get(a) for a in same}
    changes = decide_all(
        loaded, Snapshot(seen, {}, snapshot.reads), list(loaded.resources), frozenset()
    )
    if any(c.action.is_change or c.is_blocked for c in changes.values()):
        return True
    plan = Plan(loaded.spec.name, loaded.spec.target, tuple(changes.values()), loaded.graph)
    views = Views(plan, kind_views(), loaded.spec.tags, sections_of(loaded.spec))
    return any(held_of(views))


def test_no_field_is_dropped(azure):
    document = merged(YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8")), MORE)
    loaded = loaded_with(document)
    assert loaded
    _, problems = azure.apply(loaded)
    assert problems == []
    live = azure.connection(loaded, read_only=True)
    snapshot = observe_all(loaded, live, list(loaded.resources), parallelism=8)
    tried, dropped = set(), []
    for path, value in leaves(document):
        names = tuple(key for key in path if isinstance(key, str))
        spoken = (loaded_with(with_value(document, path, o)) for o in others(path[-1], value))
        other = next((found for found in spoken if found), None)
        tried |= {names} if other else set()
        if other and names not in HOW and not is_answered(other, loaded, snapshot):
            dropped.append(path)
    assert dropped == []
    assert len(tried) > MOST_TRIED
