"""What a deployment or an endpoint of az ml says is what we send: azure-ai-ml is the oracle.

Over the files of az ml beside this project, where they are. Assets that stand in a file become
resources of their own here, and anonymous ones there: of these only that they are there counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.diagnostics import SpecError
from reconciler.engine.diff import duration_seconds, same_identity
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.support.azure import ROOT

CORPUS = ROOT.parent / "shared" / "azure-ml-yaml"
REGISTERED = "azureml://registries/azureml/models/Phi-4/versions/1"
OURS = {
    "endpointComputeType": "which azure-ai-ml's client adds when it sends",
    "scaleSettings.scaleType": "Azure's default, said so that a change of it is seen",
    "requestSettings": "ours are for language models, which need more than five seconds",
    "livenessProbe": "ours wait for a model to load",
    "readinessProbe": "ours wait for a model to load",
    "egressPublicNetworkAccess": "Azure's default, said so that a change of it is seen",
    "publicNetworkAccess": "Azure's default, said so that a change of it is seen",
    "appInsightsEnabled": "Azure's default, said so that a change of it is seen",
}
"""What we state where a file does not, by the first part of its path, and why."""
TEMPLATES = re.compile(r"\{\{[A-Za-z_]*\}\}|<[\w-]+>|[a-z_]+_place_holder")
REFUSED = {
    "can change from day to day": "a label means another version tomorrow",
    "path`: '/'": "Azure's published type takes no bare slash for a route",
}
"""What is refused, by its words, and why."""
LEAST = 45
"""How many of the files are taken, whole."""
INSIDE = {
    "model": "model",
    "environment": "environmentId",
    "code_configuration": "codeConfiguration",
}


def files_of(schema: str) -> list[Path]:
    found = [*CORPUS.rglob("*.yml"), *CORPUS.rglob("*.yaml")]
    return sorted(f for f in found if f"/{schema}.schema.json" in f.read_text(encoding="utf-8"))


def filled(text: str) -> str:
    """A file with something in place of what its reader is to fill in."""
    text = text.replace("user_identity_ARM_id_place_holder", IDENTITY)
    text = text.replace("<VERSION>", "1").replace("{{MODEL_VERSION}}", "1")
    return TEMPLATES.sub("placeholder", text.replace("{insert random GUID}", "placeholder"))


IDENTITY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/server"
)
HEAD: dict[str, Any] = {
    "version": 1,
    "name": "corpus",
    "target": {
        "subscription_id": "00000000-0000-0000-0000-000000000000",
        "resource_group": "rg-corpus",
        "location": "eastus",
    },
    "workspace": IDENTITY.partition("/providers")[0]
    + "/providers/Microsoft.MachineLearningServices/workspaces/ws1",
}


def with_files(stated: dict[str, Any], home: Path) -> None:
    """Make the local files that a deployment names."""
    code = stated.get("code_configuration") or {}
    model, environment = stated.get("model"), stated.get("environment")
    if code:
        file = home / code["code"] / code["scoring_script"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("def init(): ...\n")
    if isinstance(model, dict):
        place = home / model["path"]
        place = place if place.suffix else place / "MLmodel"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("a model\n")
    if isinstance(environment, dict) and "conda_file" in environment:
        file = home / environment["conda_file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("name: e\ndependencies: [python=3.12]\n")
    if isinstance(environment, dict) and "build" in environment:
        folder = home / environment["build"]["path"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text("FROM python:3.12\n")


def ours(section: str, stated: dict[str, Any], home: Path) -> dict[str, Any]:
    """The body that we send for what a file says."""
    known = {k: v for k, v in stated.items() if k not in ("$schema", "name")}
    text = StringIO()
    YAML().dump({**HEAD, section: {str(stated["name"]): known}}, text)
    loaded = load_document(parse(text.getvalue(), "spec.yaml", home))
    (found,) = [r for a, r in loaded.resources.items() if a == f"{section}.{stated['name']}"]
    return dict(found.desired)


def leaves(body: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(body, dict):
        for key, value in body.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    elif body not in (None, "", []):
        seconds = duration_seconds(body) if isinstance(body, str) else None
        yield path, str(body if seconds is None else seconds).casefold()


def differences(theirs: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    """Where two bodies differ: what a file says must be said alike, the rest must have a reason."""
    said = {p: v for p, v in leaves(theirs) if not p.startswith(tuple(INSIDE.values()))}
    sent = {p: v for p, v in leaves(mine) if not p.startswith(tuple(INSIDE.values()))}
    wrong = [f"{p}: {v} there, {sent.get(p)} here" for p, v in said.items() if sent.get(p) != v]
    more = [p for p in sent.keys() - said.keys() if not p.startswith(tuple(OURS))]
    return [*wrong, *more]


def unmade(stated: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    """The assets of a file that are not in the body, or the other way round."""
    return [word for word, name in INSIDE.items() if bool(stated.get(word)) != bool(mine.get(name))]


needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="az ml's files are not beside it")


@needs_corpus
def test_a_deployment_of_az_ml_is_sent_as_azure_ai_ml_sends_it(tmp_path: Path) -> None:
    from azure.ai.ml import load_online_deployment

    wrong, refused, compared = {}, {}, 0
    for number, file in enumerate(files_of("managedOnlineDeployment")):
        home = tmp_path / str(number) / "a" / "b" / "c" / "d" / "e"
        home.mkdir(parents=True)
        (tmp_path / str(number) / ".reconcile-root").touch()
        stated = YAML(typ="safe").load(filled(file.read_text(encoding="utf-8")))
        stated.setdefault("endpoint_name", "my-endpoint")
        if not stated.get("model") and not stated.get("environment"):
            stated["model"] = REGISTERED
        stated["name"] = str(stated.get("name", "blue")).replace("_", "-")
        with_files(stated, home)
        try:
            mine = ours("deployments", stated, home)
        except SpecError as error:
            refused[str(file)] = str(error)
            continue
        YAML().dump(stated, home / "d.yml")
        theirs = load_online_deployment(home / "d.yml")
        theirs.code_configuration = theirs.code_configuration and mark_inside(theirs)
        rest = theirs._to_rest_object("eastus").as_dict()
        compared += 1
        found = [
            *differences(rest["properties"], mine["properties"]),
            *unmade(stated, mine["properties"]),
            *([] if rest["sku"] == mine["sku"] else ["sku"]),
        ]
        wrong |= {str(file): found} if found else {}
    assert wrong == {}
    assert {n: r for n, r in refused.items() if not any(words in r for words in REFUSED)} == {}
    assert compared >= LEAST


@needs_corpus
def test_an_endpoint_of_az_ml_is_sent_as_azure_ai_ml_sends_it(tmp_path: Path) -> None:
    from azure.ai.ml import load_online_endpoint

    wrong, files = {}, files_of("managedOnlineEndpoint")
    for file in files:
        stated = YAML(typ="safe").load(filled(file.read_text(encoding="utf-8")))
        mine = ours("endpoints", stated, tmp_path)
        YAML().dump(stated, tmp_path / "e.yml")
        theirs = load_online_endpoint(tmp_path / "e.yml")
        rest = theirs._to_rest_online_endpoint("eastus").as_dict()
        found = [
            *differences(rest["properties"], mine["properties"]),
            *([] if same_identity(rest.get("identity"), mine["identity"]) else ["identity"]),
        ]
        wrong |= {str(file): found} if found else {}
    assert wrong == {}
    assert files


def mark_inside(deployment: Any) -> Any:
    """Stand-ins for the assets that stand in a file, which the client would register first."""
    deployment.code_configuration.code = "azureml:code:1"
    return deployment.code_configuration
