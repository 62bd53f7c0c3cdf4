"""What a spec says otherwise than an az ml file, section by section.

Each function gets what a file states and returns the item of its section, what must stand beside
it in other sections, and what the reader must be told. All else of a file is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.types import JsonObject
from reconciler.kinds.az_ml.paths import moved
from reconciler.kinds.az_ml.shaped import REMOTE, Shaped, in_vault, into_vault, is_local
from reconciler.kinds.az_ml.stand_ins import NO_ENDPOINT
from reconciler.spec import document as documents
from reconciler.spec.document import Document

NO_MODEL = "azureml:your-model:1"
"""The model of a deployment whose file leaves it to `az ml ... --set model=`."""
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,31}")


Reshape = Callable[[JsonObject, Document, str], Shaped]
"""Gets what is stated, the file, and the key that the item will have."""


def workspace(stated: JsonObject, document: Document, _key: str) -> Shaped:
    """Say where a workspace keeps its data: az ml makes what is left out under names of its own."""
    made = _named_as_here(stated)
    stem = re.sub(r"[^a-z0-9]", "", str(stated.get("name", "")).lower())[:18] or "ml"
    shaped = Shaped(made)
    for part, name in (
        ("storage_account", f"{stem}store"),
        ("key_vault", f"{stem[:16]}-kv"),
        ("application_insights", f"{stem}-insights"),
    ):
        if part not in made:
            made[part] = {"name": name}
            shaped.told.append(
                Diagnostic(
                    f"`{part}` is named `{name}`: check that the name is free",
                    document.position(("name",)),
                    severity=Severity.WARNING,
                )
            )
    return shaped


def hub(stated: JsonObject, _document: Document, _key: str) -> Shaped:
    """Take a hub or project under the spec's words."""
    return Shaped(_named_as_here(stated))


def _named_as_here(stated: JsonObject) -> JsonObject:
    """Return a workspace without its region, which is the spec's `target`, and with its shown name."""
    made = {k: v for k, v in stated.items() if k not in ("location", "display_name", "kind")}
    if "display_name" in stated:
        made.setdefault("friendly_name", stated["display_name"])
    return made


def dataset(stated: JsonObject, document: Document, _key: str) -> Shaped:
    """Say where the data is: a local path is uploaded, any other is registered where it is."""
    made = {k: v for k, v in stated.items() if k != "path"}
    path, kind = str(stated.get("path", "")), str(stated.get("type", "uri_folder"))
    made["source"] = {"type": _source_type(path, kind, document), "path": path}
    if made["source"]["type"] in ("local_file", "local_folder", "mltable"):
        made.pop("type", None)
        made.pop("version", None)  # made of the content
    else:
        made["type"] = kind
        made.pop("skip_validation", None)
    return Shaped(_with_text_version(made))


def _source_type(path: str, kind: str, document: Document) -> str:
    if path.startswith("azureml:"):
        return "datastore"
    if REMOTE.match(path):
        return "url"
    if kind == "mltable":
        return "mltable"
    is_file = kind == "uri_file" and not (document.folder / path).is_dir()
    return "local_file" if is_file else "local_folder"


def _with_text_version(made: JsonObject) -> JsonObject:
    if isinstance(made.get("version"), int):
        made["version"] = str(made["version"])
    return made


def model(stated: JsonObject, _document: Document, _key: str) -> Shaped:
    """Take a model; az ml takes one without a type as a custom model."""
    return Shaped(_with_text_version({"type": "custom_model", **stated}))


def environment(stated: JsonObject, _document: Document, _key: str) -> Shaped:
    """Take an environment; its version is text."""
    return Shaped(_with_text_version(stated))


def datastore(stated: JsonObject, document: Document, key: str) -> Shaped:
    """Take a datastore; a key in the file becomes a secret of a key vault."""
    shaped = Shaped(stated)
    credentials = stated.get("credentials")
    if isinstance(credentials, dict):
        into_vault(shaped, credentials, ("credentials",), document, key)
    elif "credentials" in stated:
        del stated["credentials"]
    return shaped


def connection(stated: JsonObject, document: Document, key: str) -> Shaped:
    """Take a connection of az ml or of promptflow; its secrets become those of a key vault."""
    of_promptflow = "promptflow" in str(document.data.get("$schema", ""))
    made = {k: v for k, v in stated.items() if k not in ("api_type", "configs", "secrets")}
    if not of_promptflow:
        made.setdefault("is_shared", True)  # what az ml makes of a file that does not say
    if "api_base" in made:
        made["target"] = made.pop("api_base")
    if "endpoint" in made and made.get("type") != "custom":
        made["target"] = made.pop("endpoint")
    if made.get("type") == "custom":
        made["keys"] = {**(stated.get("configs") or {}), **(stated.get("secrets") or {})}
    shaped = Shaped(made)
    into_vault(shaped, made, (), document, key)
    if isinstance(made.get("credentials"), dict):
        into_vault(shaped, made["credentials"], ("credentials",), document, key)
    for name in stated.get("secrets") or {}:
        made["keys"][name] = in_vault(shaped, ("secrets", name), document, f"{key}-{name}")
    return shaped


def job(stated: JsonObject, document: Document, key: str) -> Shaped:
    """Take a job: its compute is a cluster of the workspace, rows of a fine-tuning job a dataset."""
    cluster = stated.get("compute")
    if isinstance(cluster, str) and _PLAIN_NAME.fullmatch(cluster):
        stated["compute"] = f"azureml:{cluster}"
    shaped = Shaped(stated)
    if "training_data" in stated:
        _rows_of(shaped, stated, document, key)
        stated["type"] = "finetuning"
        stated.pop("name", None)  # a run's name is made of its inputs
    else:
        stated["type"] = "command"
        _without_services(shaped, document)
        _inputs_apart(shaped, document, key)
        _of_file(shaped, "environment", document)
        _apart(shaped, "environment", "environments", key)
    return shaped


def _inputs_apart(shaped: Shaped, document: Document, key: str) -> None:
    """Put what lies beside a job into sections of its own: data as datasets, models as models."""
    for name, given in _table(shaped.item.get("inputs")).items():
        path = given.get("path") if isinstance(given, dict) else None
        if not isinstance(path, str) or not is_local(path):
            continue
        kind, own = str(given.get("type", "uri_folder")), f"{key}-{name}"
        if kind.endswith("_model"):
            shaped.add("models", own, {"type": kind, "path": path})
            given["path"] = f"${{{{ models.{own} }}}}"
        else:
            source = {"type": _source_type(path, kind, document), "path": path}
            shaped.add("datasets", own, {"source": source})
            given["path"] = f"${{{{ datasets.{own} }}}}"


def _table(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _without_services(shaped: Shaped, document: Document) -> None:
    if shaped.item.pop("services", None) is not None:
        shaped.left.append(
            Diagnostic(
                "`services` is left out",
                document.position(("services",), of_key=True),
                detail="a run that opens ports is not declared here",
                hint="start it on the run, in the studio",
                severity=Severity.WARNING,
            )
        )


def _of_file(shaped: Shaped, field: str, document: Document) -> None:
    """Put what another file states in place of `file:PATH`, with its own paths from here."""
    named = shaped.item.get(field)
    if not isinstance(named, str) or not named.startswith("file:"):
        return
    file = document.folder / named.removeprefix("file:")
    held = documents.load(str(file)).data
    shaped.item[field] = moved(held, file.parent, document.folder)


def _rows_of(shaped: Shaped, stated: JsonObject, _document: Document, key: str) -> None:
    """Put local rows of a fine-tuning job into a dataset of their own."""
    source: JsonObject = {"type": "local"}
    for part, name in (("training_data", "train"), ("validation_data", "test")):
        given = stated.get(part)
        path = given.get("path") if isinstance(given, dict) else given
        if not isinstance(path, str):
            continue
        stated[part] = path
        if not REMOTE.match(path):
            source[name] = path
            stated[part] = f"${{{{ datasets.{key}.{name} }}}}"
    if "test" in source and "train" not in source:  # a dataset always has rows to train on
        source["train"] = source.pop("test")
        stated["validation_data"] = f"${{{{ datasets.{key}.train }}}}"
    if len(source) > 1:
        shaped.add("datasets", key, {"source": source, "format": _rows_format(stated)})
    stated["hyperparameters"] = _numbers(stated.get("hyperparameters") or {})


def _rows_format(stated: JsonObject) -> str:
    return "chat" if stated.get("task", "chat_completion") == "chat_completion" else "text"


def _numbers(given: Mapping[str, Any]) -> JsonObject:
    """Return hyperparameters as numbers, where the text of a file is one."""
    return {name: _number(value) for name, value in given.items()}


def _number(value: Any) -> Any:
    for reads in (int, float):
        try:
            return reads(value) if isinstance(value, str) else value
        except ValueError:
            continue
    return value


def deployment(stated: JsonObject, document: Document, key: str) -> Shaped:
    """Take a deployment; numbers and switches of its variables become the text that they are."""
    made = dict(stated)
    shaped = Shaped(made)
    if not {"model", "environment"} & made.keys():
        made["model"] = NO_MODEL
        shaped.told.append(_given_to_az("model", NO_MODEL, document))
    if "type" in made and made["type"] in ("managed", "online"):
        del made["type"]
    variables = made.get("environment_variables")
    if isinstance(variables, dict):
        made["environment_variables"] = {k: _as_text(v) for k, v in variables.items()}
    if isinstance(made.get("data_collector"), dict):
        made["data_collector"] = _switches(made["data_collector"])
    made.setdefault("endpoint_name", NO_ENDPOINT)
    _apart(shaped, "model", "models", key)
    _apart(shaped, "environment", "environments", key)
    return shaped


def _apart(shaped: Shaped, field: str, section: str, key: str) -> None:
    """Put what an item states within itself into its own section, and refer to it."""
    inner = shaped.item.get(field)
    if not isinstance(inner, dict):
        return
    named = re.sub(r"[^A-Za-z0-9_-]+", "-", str(inner.get("name") or f"{key}-{field}")).strip("-")
    held = {name: value for name, value in inner.items() if name not in ("$schema", "name")}
    shape = RESHAPE[section]
    shaped.add(section, named, shape(held, Document("", {}, Path()), named).item)
    shaped.item[field] = f"${{{{ {section}.{named} }}}}"


def _given_to_az(field: str, value: str, document: Document) -> Diagnostic:
    return Diagnostic(
        f"`{field}` is `{value}`: the file leaves it to an option of `az ml`",
        document.position(()),
        hint=f"write the {field} that the option gave",
        severity=Severity.WARNING,
    )


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _switches(collector: JsonObject) -> JsonObject:
    for settings in (collector.get("collections") or {}).values():
        if isinstance(settings, dict) and isinstance(settings.get("enabled"), bool):
            settings["enabled"] = "true" if settings["enabled"] else "false"
    return collector


def flow(_stated: JsonObject, document: Document, _key: str) -> Shaped:
    """Take the folder of a flow: its files are the flow."""
    inputs = document.data.get("inputs") or {}
    is_chat = any(isinstance(i, dict) and i.get("is_chat_input") for i in inputs.values())
    return Shaped({"type": "chat" if is_chat else "standard", "path": "."})


RESHAPE: Mapping[str, Reshape] = {
    "workspace": workspace,
    "hub": hub,
    "project": hub,
    "datasets": dataset,
    "models": model,
    "environments": environment,
    "datastores": datastore,
    "connections": connection,
    "jobs": job,
    "deployments": deployment,
    "flows": flow,
}
"""By section; what is not here is taken as it is."""


def reshaped(section: str, stated: JsonObject, document: Document, key: str) -> Shaped:
    """Return what a file states as its section says it."""
    shape = RESHAPE.get(section)
    shaped = shape(stated, document, key) if shape else Shaped(stated)
    for field in ("tags", "properties"):
        if isinstance(shaped.item.get(field), dict):
            shaped.item[field] = {k: _as_text(v) for k, v in shaped.item[field].items()}
    return shaped
