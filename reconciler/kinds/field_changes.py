"""What a changed value of a field of the spec does: an update in place, or more."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds import KINDS
from reconciler.kinds.base import Handler
from reconciler.kinds.job.command_settings import CommandJob
from reconciler.kinds.job.settings import Outputs, RegisteredModel
from reconciler.kinds.spec_fields import Field, Section, sections

IN_PLACE, REPLACED, ANOTHER = "no", "replaced", "another resource"
NEW_RUN, NEXT_RUN, NEW_VERSION = "new run", "next run", "new version"
AT_CREATE = "only at create"
IDENTIFYING = {
    "target": ("subscription_id", "resource_group"),
    "quota": ("vm_family",),
    "identities.role_assignments": ("role", "scope"),
    "identities.federated_credentials": ("name",),
    "role_assignments": ("principal", "role", "scope"),
    "workspace.application_insights": ("log_analytics_name",),
    "hub.application_insights": ("log_analytics_name",),
    "deployments": ("endpoint_name",),
    "environments": ("version",),
    "models": ("version",),
}
"""Fields beside `name` that are a part of the resource's id."""
VERSIONED = ("datasets", "environments", "deployments.model", "deployments.environment")
"""Assets, also those that stand in what uses them: each new content is a version of its own."""
RUN_INPUTS = (
    "task",
    "model_provider",
    "model",
    "training_data",
    "validation_data",
    "hyperparameters",
)
"""Fields of a job that its fingerprint covers (`kinds/job/job.py`)."""
COMMAND_INPUTS = (
    *("command", "code", "environment", "inputs", "outputs", "distribution"),
    *("environment_variables", "instance_count"),
)
"""Those of a command job (`kinds/job/command_job.py`)."""
OF_THE_WAIT = ("timeout_minutes", "queue_timeout_minutes")


def change_of(section: Section, field: Field) -> str:
    """Return what a changed value means: an update in place, or more."""
    if field.name == "name" or field.name in IDENTIFYING.get(section.path, ()):
        return ANOTHER if section.path != "jobs.outputs.registered_model" else NEXT_RUN
    match section.path.partition(".")[0]:
        case "target":
            return REPLACED
        case _ if section.path.startswith(VERSIONED):
            return IN_PLACE if field.name in ("description", "tags") else NEW_VERSION
        case "jobs" if field.name in RUN_INPUTS or section.path.split(".")[-1] in RUN_INPUTS:
            return NEW_RUN
        case "jobs" if _is_command_input(section, field.name):
            return NEW_RUN
        case "jobs":
            return IN_PLACE if field.name in OF_THE_WAIT else NEXT_RUN
    if _is_held(section.path, field.name):
        return AT_CREATE
    return REPLACED if _is_fixed(f"{section.path}.{field.name}") else IN_PLACE


def _is_command_input(section: Section, name: str) -> bool:
    """Return whether a new value of a field of a command job is a new run."""
    if section.path == "jobs":
        return section.model == CommandJob.__name__ and name in COMMAND_INPUTS
    part = section.path.split(".")[1]
    if name in ("mode", "description") or (part, name) == ("outputs", "path"):
        return False
    of_command = section.model not in (Outputs.__name__, RegisteredModel.__name__)
    return of_command and (part in COMMAND_INPUTS or name in COMMAND_INPUTS)


def _is_held(section: str, name: str) -> bool:
    """Return whether only a create writes a field of a kind's own section."""
    own = (handler.policy.rules for handler in KINDS if handler.section == section)
    return any(rules.labels.get(path, path) == name for rules in own for path in rules.create_only)


def _is_fixed(path: str) -> bool:
    """Return whether the kind that states a field cannot change it in place."""
    owner = max(
        (handler.section for handler in KINDS if path.startswith(f"{handler.section}.")),
        key=len,
        default="",
    )
    fixed = {
        f"{owner}.{name}"
        for handler in KINDS
        if handler.section == owner
        for name in immutable(handler)
    }
    return any(path == one or path.startswith(f"{one}.") for one in fixed)


def immutable(handler: Handler) -> set[str]:
    """Return the fields of a kind's own section that Azure cannot change in place."""
    own = {
        f"{section.path}.{field.name}"
        for section in sections()
        for field in section.fields
        if section.path == handler.section or section.path.startswith(f"{handler.section}.")
    }
    rules = handler.policy.rules
    fixed = {rules.labels.get(path, path) for path in _fixed_paths(handler)}
    found = {label for label in fixed if f"{handler.section}.{label}" in own}
    return found | ({"location"} & fixed)


def _fixed_paths(handler: Handler) -> Iterator[str]:
    rules = handler.policy.rules
    for path in (*rules.labels, *rules.immutable):
        if any(path == fixed or path.startswith(f"{fixed}.") for fixed in rules.immutable):
            yield path
