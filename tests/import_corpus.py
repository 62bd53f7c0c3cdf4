"""How many az ml files become a spec that plans: `make import-corpus CORPUS=FOLDER`.

Each file alone goes through `reconcile import`, is validated with what it names, and is planned in
one sandbox that holds the workspace. What is not a file of a kind that a spec has (pipelines,
components, schedules), or is a template of a script, is counted apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, ReconcileError, SpecError
from reconciler.kinds.az_ml.assemble import Home, imported
from reconciler.kinds.az_ml.recognise import section_of
from reconciler.kinds.az_ml.shaped import is_local
from reconciler.kinds.flow.dag import nodes_of
from reconciler.library import Azure, Cloud, Loaded, SandboxAccess, apply, load, plan
from reconciler.operations.load import load_document
from reconciler.render.spec_yaml import spec_yaml
from reconciler.sandbox.launch import launch
from reconciler.spec import document as documents

LEAST = 90
"""Percent of the files of our kinds that are to be taken whole, and to plan."""
HOME = Home("00000000-0000-0000-0000-000000000000", "rg-corpus", "corpus-ws", "eastus")
WORKSPACE = f"""\
version: 1
name: corpus-home
target: {{subscription_id: {HOME.subscription_id}, resource_group: {HOME.resource_group}, location: eastus}}
workspace:
  name: {HOME.workspace}
  storage_account: {{name: corpushomestore}}
  key_vault: {{name: corpus-home-kv}}
  application_insights: {{name: corpus-home-insights}}
"""
DEEP = "a/b/c/d/e/f"
"""Where a file is tried: paths that lead up from it stay within the folder of the trial."""
CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
SCORE = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"
TEXT = {"prompt": "Hi", "completion": "Hello"}


@dataclass(frozen=True)
class Verdict:
    """What became of one file: `whole`, `part`, `refused`, `not ours` or `template`, and why."""

    file: str
    section: str
    word: str
    why: tuple[str, ...] = ()
    plans: bool = False


def judged(file: Path, azure: Azure | None) -> Verdict:
    """Return what becomes of a file; it is planned where a cloud is given."""
    try:
        document = documents.load(str(file))
    except SpecError as error:
        return Verdict(str(file), "", "template", _said(error.diagnostics))
    try:
        section = section_of(document)
    except SpecError as error:
        return Verdict(str(file), "", "not ours", _said(error.diagnostics))
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / DEEP
        folder.mkdir(parents=True)
        (Path(top) / ".reconcile-root").touch()
        here = folder / file.name
        shutil.copy(file, here)
        return _tried(file, here, section, azure)


def _tried(file: Path, here: Path, section: str, azure: Azure | None) -> Verdict:
    try:
        found = imported([str(here)], HOME, "corpus", here.parent)
    except SpecError as error:
        return Verdict(str(file), section, "refused", _said(error.diagnostics))
    word, left = "part" if found.left else "whole", _said(found.left)
    _bring(found.spec, here.parent)
    try:
        loaded = load_document(documents.parse(spec_yaml(found.spec), "spec.yaml", here.parent))
        plans = azure is None or _plans(loaded, azure)
    except ReconcileError as error:
        return Verdict(str(file), section, word, (*left, *_said(error.diagnostics)))
    return Verdict(str(file), section, word, left, plans)


def _bring(spec: dict[str, Any], folder: Path) -> None:
    """Make what a spec names by a path and the corpus does not have, as small as it may be."""
    for dataset in spec.get("datasets", {}).values():
        _bring_data(dataset["source"], folder, dataset.get("format", ""))
    for model in spec.get("models", {}).values():
        if is_local(model["path"]):
            _write(folder / model["path"] / "MLmodel", "flavors: {python_function: {}}\n")
    for environment in spec.get("environments", {}).values():
        if "conda_file" in environment and isinstance(environment["conda_file"], str):
            _write(folder / environment["conda_file"], "dependencies: [python=3.11]\n")
        build = environment.get("build") or {}
        if "path" in build:
            name = build.get("dockerfile_path", "Dockerfile")
            _write(folder / build["path"] / name, "FROM scratch\n")
    _bring_code(spec, folder)
    for flow in spec.get("flows", {}).values():
        _bring_flow(folder / flow["path"])


def _bring_code(spec: dict[str, Any], folder: Path) -> None:
    for job in spec.get("jobs", {}).values():
        if is_local(job.get("code", "azureml:")):
            _write(folder / job["code"] / "main.py", "print()\n")
    for deployment in spec.get("deployments", {}).values():
        code = deployment.get("code_configuration") or {}
        if is_local(code.get("code", "azureml:")):
            _write(folder / code["code"] / code.get("scoring_script", "score.py"), SCORE)


def _bring_data(source: dict[str, Any], folder: Path, form: str) -> None:
    row = json.dumps(TEXT if form == "text" else CHAT) + "\n"
    for part in ("train", "test"):
        if part in source:
            _write(folder / source[part], row * 4)
    if source["type"] == "local_file":
        _write(folder / source["path"], "1\n")
    elif source["type"] == "local_folder":
        _write(folder / source["path"] / "one.csv", "1\n")
    elif source["type"] == "mltable":
        _write(folder / source["path"] / "MLTable", "paths: [{file: ./one.csv}]\n")
        _write(folder / source["path"] / "one.csv", "1\n")


def _bring_flow(folder: Path) -> None:
    """Write each file that a flow names: a template, or a tool that takes what it is given."""
    dag = documents.load(str(folder / "flow.dag.yaml")).data
    includes = dag.get("additional_includes") or ()
    included = {Path(name).name for name in includes}
    for name in includes:
        _write(folder / name, _file_of(name, {}))
    for _, node in nodes_of(dag):
        source = node.get("source") or {}
        if isinstance(source.get("path"), str) and source["path"] not in included:
            _write(folder / source["path"], _file_of(source["path"], node.get("inputs") or {}))


def _file_of(name: str, inputs: dict[str, Any]) -> str:
    if not name.endswith(".py"):
        return "hello\n"
    return f"from promptflow.core import tool\n\n\n@tool\ndef run({', '.join([*inputs, '**others'])}):\n    return 1\n"


def _write(file: Path, text: str) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _plans(loaded: Loaded, azure: Azure) -> bool:
    """Return whether each resource of a spec gets a decision; a blocker of preflight is one."""
    return {c.address for c in plan(loaded, azure).changes} >= set(loaded.resources)


def _said(problems: list[Diagnostic] | tuple[Diagnostic, ...]) -> tuple[str, ...]:
    return tuple(
        f"{d.position.line if d.position else 0}: {d.summary}"
        + (f" ({d.detail})" if d.detail else "")
        for d in problems
    )


def verdicts(folder: Path, azure: Azure | None) -> Iterator[Verdict]:
    """Yield what becomes of each YAML file below a folder."""
    for file in sorted(folder.rglob("*.y*ml")):
        yield judged(file, azure)


def main() -> int:
    """Print what became of each file and the shares. Returns 1 where they are too small."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quiet", action="store_true", help="the table alone")
    options = parser.parse_args()
    if not options.folder.is_dir():
        print(f"no corpus at {options.folder}: nothing was tried")
        return 0
    with tempfile.TemporaryDirectory() as state, launch(Path(state), clock="instant") as server:
        cloud = Cloud.of_sandbox(
            SandboxAccess(server.url, server.ca_file, server.tenant_id, server.client_id, server.client_secret)
        )  # fmt: skip
        with Azure(cloud) as azure:
            home = Path(state) / "home.yaml"
            home.write_text(WORKSPACE, "utf-8")
            apply(load(str(home)), azure, approve=lambda _: True)
            found = list(verdicts(options.folder, azure))
    if not options.quiet:
        for one in found:
            if one.word in ("part", "refused") or (one.word == "whole" and not one.plans):
                print(f"{one.word:8} {one.file}")
                print("".join(f"         {why}\n" for why in one.why), end="")
    return _told(found)


def _told(found: list[Verdict]) -> int:
    ours = [one for one in found if one.section]
    for section in sorted({one.section for one in ours}):
        words = Counter(one.word for one in ours if one.section == section)
        planned = sum(one.plans for one in ours if one.section == section)
        print(f"{section:14} {words.total():4} files, {words['whole']:4} whole, {planned:4} plan")
    others = Counter(one.word for one in found if not one.section)
    print(
        f"beside them    {others['not ours']} of kinds that stay with az ml, {others['template']} templates"
    )
    whole = sum(one.word == "whole" and one.plans for one in ours)
    share = 100 * whole / len(ours) if ours else 0.0
    print(
        f"{whole} of {len(ours)} files are taken whole and plan: {share:.0f} % (at least {LEAST} %)"
    )
    return 0 if share >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
