"""Prompt flow: a folder with a `flow.dag.yaml`, made in the project. Experimental.

The flow service has no names that are unique and no delete: a flow is found by our mark
in its tags, updated when the folder or its connections change (a fingerprint tells), and
archived where others are deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from reconciler.diagnostics import Diagnostic, ReconcileError, SpecError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded, same_id
from reconciler.engine.types import Address, JsonObject, Observed, Owner, Reference, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.connection.connection import home_of
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.flow.binding import bind
from reconciler.kinds.flow.dag import check_dag, read_dag
from reconciler.kinds.flow.includes import with_includes
from reconciler.kinds.flow.service import API_VERSION, ROOT, FlowService
from reconciler.kinds.local.files import beside, folder_beside
from reconciler.kinds.local.folder import FLOW, FLOW_FILE, LocalFolder
from reconciler.kinds.ownership import OWNER_TAG, owner_of
from reconciler.kinds.retirements import report_prompt_flow
from reconciler.kinds.within import Within
from reconciler.spec.document import Document, Keys
from reconciler.spec.model import RefOrId, SpecModel

if TYPE_CHECKING:
    from reconciler.kinds import Spec

FINGERPRINT_TAG = "reconcile-fingerprint"
FLOW_TYPES = {"chat": "Chat", "standard": "Default"}


class Flow(SpecModel):
    """A prompt flow of the project."""

    type: Literal["chat", "standard"] = "chat"
    """A chat, whose one input is the question, or any other flow."""
    path: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    """The folder with `flow.dag.yaml`, relative to the spec."""
    connections: dict[str, RefOrId] = Field(default_factory=dict)
    """The connection for each node input of that name, as a reference to `connections`."""
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    """The name people see. Default: the key."""


class FlowHandler(Handler):
    """Knows the prompt flows of the project."""

    kind = "prompt flow"
    section = "flows"
    asks_model = True
    within = (Within("project", "flows"),)
    attributes = Attributes(frozenset({"id", "flow_id"}))
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"flowType"}),
            same={"flowType": same_folded},
            labels={
                "flowName": "display_name",
                "flowType": "type",
                f"tags.{FINGERPRINT_TAG}": "path",
            },
        )
    )

    def owner_in(self, body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
        """Return whose mark the flow's tags carry, bound to the id that the spec would give it."""
        return owner_of((body.get("tags") or {}).get(OWNER_TAG), owner, resource_id)

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return the flows that are not archived, each under the id that our mark is bound to."""
        project = context.reads.list(parent.rpartition("/")[0], API_VERSION)
        home = next((p for p in project if same_id(p.get("id"), parent)), None)
        if home is None:
            return []
        flows = FlowService(context, {**home, "id": parent}).list()
        return [
            {**flow, "id": f"{parent}/{collection}/{_key(flow, context.owner)}"} for flow in flows
        ]

    def as_desired(self, body: JsonObject) -> JsonObject:
        """Return the mark and the name: the service knows a flow by an id of its own."""
        return {"flowName": body.get("flowName"), "tags": dict(body.get("tags") or {})}

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each flow, with the fingerprint of its folder and its connections."""
        for name, settings in spec.flows.items():
            path: Keys = ("flows", name)
            home, home_id = home_of(expansion)
            if not home_id:
                if home not in expansion.broken:
                    expansion.problem(
                        "`flows` needs a `project`",
                        path,
                        hint="add `project: {name: ...}`, or give the resource id of one",
                    )
                continue
            report_prompt_flow(expansion, path)
            expansion.add(_resource(name, settings, (home, home_id), expansion))

    def check(self, resource: Resource[FlowSource], document: Document) -> list[Diagnostic]:
        """Return what is wrong with the flow's folder and file."""
        source = resource.settings
        dag, problems = read_dag(source.folder)
        problems = [*source.folder.problems, *problems]
        if dag is not None:
            is_chat = source.settings.type == "chat"
            problems += check_dag(
                dag, source.folder, is_chat=is_chat, bound=source.settings.connections
            )
        key = resource.address.partition(".")[2]
        place = document.position(("flows", key, "path"))
        return [p.at(place) for p in problems]

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Find the flow by our mark, or else by its name, among those of the project."""
        project = _project(context, resource)
        if project is None:
            return None
        flows = FlowService(context, project).list()
        marked = _marked(flows, resource)
        named = [f for f in flows if f.get("flowName") == resource.desired["flowName"]]
        found = next(iter([*marked, *named]), None)
        if found is None:
            return None
        link = str(found.get("studioPortalEndpoint") or _studio(context, resource, found))
        return replace(self.observed(context, resource, found), link=link)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what the service says of one flow."""
        owner, name = self.owner_in(body, context.owner, resource.resource_id)
        outputs = {"id": resource.resource_id, "flow_id": body.get("flowId")}
        return Observed(body, outputs, owner, owner_name=name)

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Upload the folder and make a flow of it.

        The service makes up the id, so two runs at once, or a list that was behind, make two
        flows. Each looks afterwards, until the list knows what it made, and archives all of ours
        but the oldest: both keep the same one.
        """
        service = FlowService(context, _existing_project(context, resource))
        made = service.create(self._uploaded(context, service, resource, desired)).get("flowId")

        def shows_it(flows: list[JsonObject]) -> bool:
            return any(flow.get("flowId") == made for flow in flows)

        flows = context.run.read_after_write.until(service.list, shows_it)
        for twin in _marked(flows, resource)[1:]:
            service.archive(str(twin["flowId"]))

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Upload the folder beside the old one, then point the flow to it."""
        resource = change.resource
        observed = change.observed.body if change.observed else {}
        service = FlowService(context, _existing_project(context, resource))
        body = self._uploaded(context, service, resource, desired)
        body["tags"] = {**(observed.get("tags") or {}), **body["tags"]}
        service.update(str(observed["flowId"]), body)

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Archive the flow."""
        project = _project(context, resource)
        if project is not None:
            FlowService(context, project).archive(str(observed.body["flowId"]))

    def remains(self, resource: Resource) -> str:
        """Say that the service only archives."""
        return f"`{resource.address}` is archived in the project, its files stay in the share"

    def _uploaded(
        self,
        context: HandlerContext,
        service: FlowService,
        resource: Resource[FlowSource],
        desired: JsonObject,
    ) -> JsonObject:
        """Upload the files with the connections' names in them; return the request's body."""
        source = resource.settings
        key = resource.address.partition(".")[2]
        top = service.upload(f"{context.owner}-{key}/{source.fingerprint}", source.files())
        return {**desired, "flowDefinitionFilePath": f"{top}/{FLOW_FILE}"}


@dataclass(frozen=True)
class FlowSource:
    """A flow as the spec states it, with its folder as it was when the spec was read."""

    settings: Flow
    connections: Mapping[str, str]
    folder: LocalFolder

    @property
    def fingerprint(self) -> str:
        """The digest of all that is uploaded."""
        bound = (f"{name}={value}" for name, value in sorted(self.connections.items()))
        return self.folder.fingerprint(self.settings.type, *bound)

    def files(self) -> dict[str, bytes]:
        """Return the files to upload, the connections' names in the flow file."""
        dag, problems = read_dag(self.folder)
        if dag is None:
            raise SpecError(*self.folder.problems, *problems)
        return {**self.folder.files, FLOW_FILE: bind(dag, self.connections)}


def _key(flow: JsonObject, owner: str) -> str:
    """Return the key that a flow of ours has in its spec: by its folder, or else its name."""
    path = str(flow.get("flowDefinitionFilePath") or "")
    folder = path.removeprefix(f"{ROOT}/").partition("/")[0]
    name = str(flow.get("flowName"))
    return folder.removeprefix(f"{owner}-") if folder.startswith(f"{owner}-") else name


def _marked(flows: list[JsonObject], resource: Resource) -> list[JsonObject]:
    """Return the flows that carry the resource's mark, the oldest first."""
    mark = resource.desired["tags"][OWNER_TAG]
    found = [f for f in flows if (f.get("tags") or {}).get(OWNER_TAG) == mark]
    return sorted(found, key=lambda f: (str(f.get("createdDate")), str(f.get("flowId"))))


def _resource(
    key: str, settings: Flow, home: tuple[Address, str], expansion: Expansion
) -> Resource[FlowSource]:
    address, home_id = home
    names, needs = _connections(settings, expansion, ("flows", key))
    source = FlowSource(settings, names, _folder(settings, expansion.document))
    resource_id = f"{home_id}/flows/{key}"
    tags = {**expansion.tracked_tags(resource_id), FINGERPRINT_TAG: source.fingerprint}
    return Resource(
        f"flows.{key}",
        FlowHandler.kind,
        resource_id,
        {
            "flowName": settings.display_name or key,
            "flowType": FLOW_TYPES[settings.type],
            "tags": tags,
        },
        settings=source,
        position=expansion.document.position(("flows", key), of_key=True),
        depends_on=frozenset({address, *needs}),
    )


def _connections(
    settings: Flow, expansion: Expansion, path: Keys
) -> tuple[dict[str, str], frozenset[Address]]:
    """Return the name of the connection for each input, and their addresses."""
    names: dict[str, str] = {}
    needs: set[Address] = set()
    for name, text in settings.connections.items():
        found = expansion.reference(text, (*path, "connections", name), kinds=("connection",))
        if isinstance(found, Reference):
            needs.add(found.address)
            found = expansion.known_id(found.address)
        names[name] = str(found).rpartition("/")[2]
    return names, frozenset(needs)


def _folder(settings: Flow, document: Document) -> LocalFolder:
    """Return the flow's folder as it is now; its name in messages is relative like the spec's."""
    folder = folder_beside(document, settings.path, FLOW)
    found = beside(document, settings.path)
    return with_includes(folder, found.place, found.top)


def _project(context: HandlerContext, resource: Resource) -> JsonObject | None:
    """Return the project that the flow is in, None when it does not exist yet."""
    home_id = resource.resource_id.rpartition("/flows/")[0]
    for other in context.resources.values():
        if other.resource_id.casefold() == home_id.casefold():
            seen = context.others(other.address)
            if seen is not None:
                return {"id": home_id, **seen.body}
    return context.reads.get(home_id, API_VERSION)


def _existing_project(context: HandlerContext, resource: Resource) -> JsonObject:
    project = _project(context, resource)
    if project is None:
        raise ReconcileError.because(f"the project of `{resource.address}` does not exist")
    return project


def _studio(context: HandlerContext, resource: Resource, flow: JsonObject) -> str:
    """Return the page of the flow in the studio; lists do not tell it."""
    home_id = resource.resource_id.rpartition("/flows/")[0]
    return f"{context.run.cloud.studio}/prompts/flow/{flow.get('flowId')}?wsid={home_id}"
