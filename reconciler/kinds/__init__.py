"""The registry of kinds, in the order in which the spec's sections expand, and the spec itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.engine.types import JsonObject
from reconciler.kinds.access.assignment_settings import RoleAssignment
from reconciler.kinds.access.federated_credential import FederatedCredentialHandler
from reconciler.kinds.access.identity import IdentityHandler, ManagedIdentity
from reconciler.kinds.access.role_assignment import RoleAssignmentHandler
from reconciler.kinds.base import Handler
from reconciler.kinds.compute import Compute, ComputeHandler
from reconciler.kinds.connection.connection import ConnectionHandler
from reconciler.kinds.connection.settings import Connection
from reconciler.kinds.data.dataset import DatasetHandler
from reconciler.kinds.data.dataset_settings import Dataset
from reconciler.kinds.data.datastore import Datastore, DatastoreHandler
from reconciler.kinds.environment.environment import EnvironmentHandler
from reconciler.kinds.environment.settings import Environment
from reconciler.kinds.flow.flow import Flow, FlowHandler
from reconciler.kinds.job.any_job import AnyJob
from reconciler.kinds.job.command_job import CommandJobHandler
from reconciler.kinds.job.job import JobHandler
from reconciler.kinds.quota.quota import Quota, QuotaHandler
from reconciler.kinds.resource_group import ResourceGroupHandler
from reconciler.kinds.resource_provider import ResourceProviderHandler
from reconciler.kinds.serving.deployment import DeploymentHandler
from reconciler.kinds.serving.deployment_settings import Deployment
from reconciler.kinds.serving.endpoint import Endpoint, EndpointHandler
from reconciler.kinds.serving.model import ModelHandler
from reconciler.kinds.serving.model_settings import Model
from reconciler.kinds.serving.traffic import TrafficHandler
from reconciler.kinds.within import Within
from reconciler.kinds.workspace.application_insights import ApplicationInsightsHandler
from reconciler.kinds.workspace.container_registry import ContainerRegistryHandler
from reconciler.kinds.workspace.hub import Hub, HubHandler
from reconciler.kinds.workspace.key_vault import KeyVaultHandler
from reconciler.kinds.workspace.log_analytics import LogAnalyticsHandler
from reconciler.kinds.workspace.project import Project, ProjectHandler
from reconciler.kinds.workspace.storage_account import StorageAccountHandler
from reconciler.kinds.workspace.workspace import Workspace, WorkspaceHandler
from reconciler.spec.model import ExistingOr, Lifecycle, SpecModel, Tags, Target, matching

KINDS: tuple[Handler, ...] = (
    ResourceGroupHandler(),
    QuotaHandler(),
    StorageAccountHandler(),
    KeyVaultHandler(),
    LogAnalyticsHandler(),
    ApplicationInsightsHandler(),
    ContainerRegistryHandler(),
    IdentityHandler(),
    FederatedCredentialHandler(),
    WorkspaceHandler(),
    RoleAssignmentHandler(),
    ComputeHandler(),
    DatastoreHandler(),
    DatasetHandler(),
    EnvironmentHandler(),
    JobHandler(),
    CommandJobHandler(),
    ModelHandler(),
    EndpointHandler(),
    DeploymentHandler(),
    TrafficHandler(),
    HubHandler(),
    ProjectHandler(),
    ConnectionHandler(),
    FlowHandler(),
)

HANDLERS: dict[str, Handler] = {
    handler.kind: handler for handler in (*KINDS, ResourceProviderHandler())
}
"""Also what no section states: a plan adds the registration of a provider by itself."""


def children(kind: str) -> list[tuple[Handler, Within]]:
    """Return the kinds whose resources live inside those of a kind, each with where."""
    return [(h, place) for h in KINDS for place in h.within if place.parent == kind]


def kind_of(body: JsonObject) -> Handler | None:
    """Return the kind of a body out of a list, None for a type that no kind knows."""
    return next((handler for handler in KINDS if handler.knows(body)), None)


Key = Annotated[
    str,
    matching(
        r"^[A-Za-z0-9][A-Za-z0-9_-]*$", "letters, digits, hyphens and underscores", max_length=255
    ),
]
"""A name within a section; where a section's things have no `name` it is Azure's name too."""


class Spec(SpecModel):
    """Everything needed to fine-tune and serve a model, in one file."""

    schema_: str | None = Field(default=None, alias="$schema")
    """Where editors find the JSON Schema."""
    version: Literal[1]
    """Version of the spec format: 1."""
    name: Annotated[
        str, matching(r"^[a-z0-9][a-z0-9-]{1,62}$", "2 to 63 lower-case letters, digits, hyphens")
    ]
    """Name of this spec. Everything it creates is marked with it, so do not change it later."""
    target: Target
    """The subscription, resource group and region."""
    tags: Tags = Field(default_factory=dict)
    """Tags on every resource that has tags."""
    quota: list[Quota] = Field(default_factory=list)
    """VM cores that must be available before anything that uses them is created."""
    workspace: ExistingOr[Workspace] | None = None
    """The Azure ML workspace: a map creates it, a resource id uses an existing one."""
    identities: dict[Key, ManagedIdentity | None] = Field(default_factory=dict)
    """User-assigned managed identities, with their roles."""
    role_assignments: list[RoleAssignment] = Field(default_factory=list)
    """Roles for people, groups, applications, and what Azure acts as by itself."""
    compute: dict[Key, Compute] = Field(default_factory=dict)
    """Compute clusters of the workspace."""
    datastores: dict[Key, Datastore] = Field(default_factory=dict)
    """Datastores of the workspace: names for storage that holds data. Secrets are references."""
    datasets: dict[Key, Dataset] = Field(default_factory=dict)
    """Chat data from the Hugging Face hub or from local files."""
    environments: dict[Key, Environment] = Field(default_factory=dict)
    """Environments of the workspace: the images in which jobs and deployments run."""
    jobs: dict[Key, AnyJob] = Field(default_factory=dict)
    """Fine-tuning jobs, and jobs with your own code. A job runs once for the same inputs, never twice."""
    models: dict[Key, Model] = Field(default_factory=dict)
    """Registered models."""
    endpoints: dict[Key, Endpoint] = Field(default_factory=dict)
    """Managed online endpoints."""
    deployments: dict[Key, Deployment] = Field(default_factory=dict)
    """Deployments behind the endpoints."""
    hub: ExistingOr[Hub] | None = None
    """The Foundry hub."""
    project: ExistingOr[Project] | None = None
    """The Foundry project of the hub."""
    connections: dict[Key, Connection] = Field(default_factory=dict)
    """Connections of the project. Secrets are references."""
    flows: dict[Key, Flow] = Field(default_factory=dict)
    """Prompt flows of the project (experimental)."""
    lifecycle: dict[str, Lifecycle] = Field(default_factory=dict)
    """Protection and exceptions, by section or by resource address."""
    per_environment: dict[str, dict[str, Any] | None] = Field(default_factory=dict)
    """What differs in each environment, by its name: parts of this spec that are laid over it, by
    key, with `--environment NAME`. `${{ environment }}` in a text is the name."""
