"""Whatever leaves a spec is told: no plan is silent on anything of ours that it does not state.

One spec of every kind is applied once. Then random parts of it leave, or get another name, and
the plan of what is left is compared with what the sandbox holds: whatever bears our mark there,
bound to its id, is in the plan, in text, JSON, Markdown and HTML alike. With `--prune` each of
them is deleted, or the plan says why not and what to type; nothing goes that was not announced.
`RECONCILE_HISTORIES=200` tries more of them.
"""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from reconciler.engine.types import Action
from reconciler.kinds.ownership import mark
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.render.fields import Views
from reconciler.render.kind_views import kind_views
from reconciler.render.plan_html import plan_html
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_lines
from reconciler.render.reason_text import explanations
from reconciler.spec.sections import sections_of
from tests.support.azure import ROOT, Azure, Quiet

EXAMPLES = int(os.environ.get("RECONCILE_HISTORIES", "4"))
SPEC = """\
version: 1
name: leaving
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-leaving
  location: eastus
quota:
  - {vm_family: standardNCADSA100v4Family, cores: 24, on_short: request}
workspace:
  name: leaving-ws
  storage_account: {name: leavingstorage}
  key_vault: {name: leaving-kv}
  application_insights: {name: leaving-insights}
  container_registry: {name: leavingregistry}
identities:
  server:
    role_assignments:
      - {role: AcrPull, scope: resource_group}
      - {role: Storage Blob Data Reader, scope: "${{ workspace.storage_account }}"}
  idle: {}
compute:
  gpu: {size: Standard_NC24ads_A100_v4, max_instances: 1}
  cpu: {size: Standard_DS3_v2, max_instances: 1}
datastores:
  lake: {type: azure_data_lake_gen2, account_name: contosolake, filesystem: curated}
datasets:
  support:
    source: {type: local, path: data/support-chats.jsonl}
    format: chat
    split: {train: 0.8, test: 0.2, seed: 7}
jobs:
  finetune:
    type: finetuning
    task: chat_completion
    model: azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14
    training_data: ${{ datasets.support.train }}
    validation_data: ${{ datasets.support.test }}
    compute: ${{ compute.gpu }}
models:
  assistant: {type: mlflow_model, path: "${{ jobs.finetune.outputs.registered_model }}"}
endpoints:
  leaving-ep:
    traffic: {blue: 100, green: 0}
deployments:
  blue:
    endpoint_name: leaving-ep
    model: ${{ models.assistant }}
    instance_type: Standard_DS3_v2
  green:
    endpoint_name: leaving-ep
    model: ${{ models.assistant }}
    instance_type: Standard_DS3_v2
hub: {name: leaving-hub}
project: {name: leaving-project, hub_id: "${{ hub }}"}
connections:
  served:
    type: custom
    keys: {endpoint: "${{ endpoints.leaving-ep.scoring_uri }}"}
flows:
  talk:
    type: chat
    path: flows/phi3-chat
    connections: {connection: "${{ connections.served }}"}
lifecycle:
  workspace: {protect: false}
  models: {protect: false}
  hub: {protect: false}
  project: {protect: false}
"""
FIXED = ("version", "name", "target", "quota", "lifecycle")
STATED = yaml.safe_load(SPEC)
PARTS = ["workspace", "workspace.container_registry", "hub", "project"] + [
    f"{section}.{key}"
    for section, blocks in STATED.items()
    if section not in (*FIXED, "workspace", "hub", "project")
    for key in blocks
]
NAMES = {
    "workspace": "leaving-ws",
    "hub": "leaving-hub",
    "project": "leaving-project",
    "workspace.container_registry": "leavingregistry",
}
INSIDE = {
    "project": ("connections", "flows"),
    "workspace": ("hub", "compute", "datastores", "datasets", "jobs", "models", "endpoints"),
}
"""Sections of what a part holds, which leave with it."""
EDITS = st.dictionaries(
    st.sampled_from(PARTS), st.sampled_from(["leaves", "is renamed"]), min_size=1, max_size=5
)


def edited_text(edits):
    """Return the spec after the edits: what needs a part that left leaves with it."""
    spec = yaml.safe_load(SPEC)
    for part in sorted(p for p, what in edits.items() if what == "leaves"):
        without(spec, part)
    spec["lifecycle"] = {k: v for k, v in spec["lifecycle"].items() if k in spec}
    text = yaml.safe_dump(spec, sort_keys=False)
    for part in sorted(p for p, what in edits.items() if what == "is renamed"):
        word = NAMES.get(part) or part.partition(".")[2]
        if part == "workspace":  # the names of endpoints are unique in a region
            text = text.replace("leaving-ep", "moved-ep")
        text = re.sub(rf"\b{word}\b(?!-)", f"{word}2", text)
    return text


def without(spec, part):
    """Take a part out of a spec, and then whatever refers to it."""
    section, _, key = part.partition(".")
    if section not in spec or (key and key not in spec[section]):
        return
    if key and len(spec[section]) > 1:
        del spec[section][key]
    else:
        del spec[section]
    for endpoint in spec.get("endpoints", {}).values():
        if section == "deployments" and endpoint.get("traffic", {}).pop(key, None):
            del endpoint["traffic"]
    for other in [p for p in PARTS if needs(spec, p, part)]:
        without(spec, other)


def needs(spec, part, gone):
    """Whether a part of a spec refers to one that is gone."""
    section, _, key = part.partition(".")
    block = (spec.get(section) or {}).get(key) if key else spec.get(section)
    inside = section in INSIDE.get(gone, ())
    words = (f"{{{{ {gone} }}}}", f"{{{{ {gone}.", f"endpoint_name: {gone.partition('.')[2]}\n")
    return block is not None and (inside or any(word in yaml.safe_dump(block) for word in words))


def loaded(folder, text):
    for name in ("data", "flows"):
        shutil.copytree(ROOT / "examples" / name, Path(folder) / name, dirs_exist_ok=True)
    file = Path(folder) / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    return load(str(file))


def thing(resource_id):
    """Return an id without what only tells versions, halves and runs of one thing apart."""
    one = resource_id.casefold().partition("/versions/")[0]
    if "/data/" in one:
        return one.removesuffix("-train").removesuffix("-test")
    return re.sub(r"(/jobs/.*)-[0-9a-f]{12}$", r"\1", one)


def ours(azure):
    """Return the ids of all that the sandbox holds with our mark, each bound to its own id."""
    world = json.loads(azure.control("GET", "snapshot"))
    found = [(json.loads(text)["id"], text) for _, text in world["resources"]]
    for table, _, text in world["documents"]:
        if table == "flows" and not json.loads(text)["flow"].get("isArchived"):
            flow = json.loads(text)
            found.append((f"{flow['in']}/flows/{flow['flow']['flowName']}", text))
    return [one for one, text in found if mark("leaving", one) in text]


def unstated(azure, spec):
    """Return what the sandbox holds that is ours and that a spec does not state."""
    stated = {thing(r.resource_id) for r in spec.resources.values()}
    return {thing(one) for one in ours(azure)} - stated


def outputs(made, spec):
    views = Views(made, kind_views(), spec.spec.tags, sections_of(spec.spec))
    text = "\n".join(str(row) for row in plan_lines(views))
    return json.loads(plan_json(views)), [text, plan_markdown(views), plan_html(views)]


def silent_on(azure, spec, made):
    """Return what a plan leaves unsaid in one of its outputs, of all that a spec does not state."""
    document, texts = outputs(made, spec)
    rows = {}
    for row in (*document["leftovers"], *document["resource_changes"]):
        rows.setdefault(thing(row["id"]), row["address"])
    missing = unstated(azure, spec)
    named = {one for one in missing & rows.keys() if all(rows[one] in text for text in texts)}
    return missing - named


def unanswered(azure, spec, made):
    """Return what a plan with `--prune` neither deletes nor says why not, and what to do."""
    kept = {
        change.address: (*explanations(change), *(problem.hint for problem in change.problems))
        for change in (*made.leftovers, *made.changes)
        if thing(change.resource.resource_id) in unstated(azure, spec)
        and (change.action is not Action.DELETE or change.is_blocked)
    }
    goes = re.compile(r"goes with|\(.+\)$|check that the spec is complete")
    return [address for address, said in kept.items() if not goes.search(" ".join(said))]


@pytest.fixture(scope="module")
def start(server):
    azure = Azure(server)
    azure.empty()
    with tempfile.TemporaryDirectory() as folder:
        _, problems = azure.apply(loaded(folder, SPEC))
    assert problems == []
    return azure, azure.snapshot()


@given(edits=EDITS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 4,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@example({"workspace": "leaves"})
@example({"workspace": "is renamed"})
@example({"datasets.support": "leaves", "workspace.container_registry": "leaves"})
def test_whatever_leaves_a_spec_is_told_and_goes_or_says_why_not(start, edits):
    azure, world = start
    azure.restore(world)
    with tempfile.TemporaryDirectory() as folder:
        spec = loaded(folder, edited_text(edits))
        first = azure.plan(spec)
        assert silent_on(azure, spec, first) == set()
        run = azure.connection(spec)
        allowed = [c.address for c in (*first.leftovers, *first.changes)]
        made = plan(spec, run, PlanOptions(prune=True, allow_outage=allowed))
        assert silent_on(azure, spec, made) == set()
        assert unanswered(azure, spec, made) == []
        if not made.stopping:
            pruned(azure, spec, run, made)


def pruned(azure, spec, run, made):
    """Carry out what was planned: what was to go is gone, and of the rest nothing is silent."""
    report = apply(spec, run, made, progress=Quiet())
    assert [o for o in report.outcomes if o.problems] == []
    going = {thing(c.resource.resource_id) for c in made.changes if c.action is Action.DELETE}
    assert going.isdisjoint({thing(one) for one in ours(azure)})
    assert silent_on(azure, spec, azure.plan(spec)) == set()
