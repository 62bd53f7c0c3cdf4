"""What a handler sees while it turns its section into resources.

Kinds expand in the order of `KINDS`, so a reference always points at something already
expanded: a circle cannot be written, and a wrong reference is found here, with its place
and the nearest valid name. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.types import Address, Reference, Resource, Settings
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.secrets import shortened
from reconciler.spec.document import Document, Keys
from reconciler.spec.problems import did_you_mean
from reconciler.spec.vault_secrets import ANYWHERE, IN_SPEC, SecretIdentifier

OUTSIDE = ("env", "environ", "environment", "file", "vars", "var", "secrets")
NO_OUTSIDE = (
    "a spec cannot read environment variables, files or pipeline variables: put the secret in a "
    f"key vault and refer to it, `{IN_SPEC}`"
)
ELSEWHERE = f"that key vault is not part of this spec: give the secret's identifier, `{ANYWHERE}`"
MOST_TAGS = 50
"""Source: learn.microsoft.com/azure/azure-resource-manager/management/tag-resources."""
_EXPRESSION = re.compile(r"\$\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")


NO_KEYS = "let it have keys, or let whoever calls it sign in with an identity"


@dataclass(frozen=True)
class Attributes:
    """The attributes that others may refer to, for one kind of resource.

    `default` is what a bare `${{ section.name }}` means.
    """

    names: frozenset[str] = frozenset({"id"})
    secrets: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    """Which of the names a resource may lack: it has those that it is expanded with."""
    default: str = "id"
    vault: bool = False
    """Whether it holds secrets of people's own: `secrets.NAME`, or `secrets.NAME.VERSION`."""
    stated: Callable[[Any], frozenset[str]] = lambda _settings: frozenset()
    """Returns the names that a resource of such settings has besides: the outputs of a job."""
    excluded: Callable[[Any], str] = lambda _settings: ""
    """Returns why a resource of such settings has none of its `secrets`, "" where it has."""

    @property
    def shown(self) -> frozenset[str]:
        """Everything that may be referred to, as a hint says it."""
        return self.names | self.secrets | ({"secrets.NAME"} if self.vault else frozenset())


@dataclass
class Expansion:
    """Collects resources and problems; knows ids, marks and references."""

    document: Document
    owner: str
    subscription_id: str
    resource_group: str
    location: str
    tags: Mapping[str, str]
    adopt: frozenset[Address] = frozenset()
    resources: dict[Address, Resource] = field(default_factory=dict)
    externals: dict[Address, str] = field(default_factory=dict)
    named: dict[str, tuple[str, Keys]] = field(default_factory=dict)
    """Ids that fields name, with the kind that each must be of ("" for any) and the first place."""
    kinds: dict[Address, str] = field(default_factory=dict)
    attributes: dict[str, Attributes] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    allow_retired: frozenset[Address] = frozenset()
    """Sections and addresses whose retired sizes the user wants nevertheless."""
    broken: frozenset[Address] = frozenset()
    """Addresses whose own section is wrong: references to them are not judged."""

    @property
    def group_id(self) -> str:
        """The ARM id of the target resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"

    def id_in_group(self, resource_type: str, name: str) -> str:
        """Return the ARM id of a resource of the target group."""
        return f"{self.group_id}/providers/{resource_type}/{name}"

    def add(self, resource: Resource[Settings]) -> Resource[Settings]:
        """Register one resource, with the user's word on adoption."""
        resource = replace(
            resource,
            adopt=resource.adopt or resource.address in self.adopt,
            owner=self.owner,
            known={"id": resource.resource_id, **resource.known},
        )
        stated = resource.desired.get("tags") or ()
        tags = len(stated) + (OWNER_TAG in stated)  # `reconcile-asked` is put beside the mark
        if tags > MOST_TAGS:
            self.problems.append(
                Diagnostic(
                    f"`{resource.address}` would have {tags} tags; Azure allows {MOST_TAGS}",
                    resource.position,
                    detail="its own tags, those of the whole spec, and reconcile's marks",
                    hint="remove some, here or under `tags`",
                )
            )
        self.resources[resource.address] = resource
        self.kinds[resource.address] = resource.kind
        return resource

    def external(self, address: Address, kind: str, resource_id: str) -> None:
        """Register something that exists outside this spec under an address."""
        self.externals[address] = resource_id
        self.kinds[address] = kind

    def names_existing(self, kind: str, resource_id: str, path: Keys) -> None:
        """Note that a field names something by its id, which must exist."""
        if resource_id.startswith("/subscriptions/"):
            self.named.setdefault(resource_id.rstrip("/"), (kind, path))

    def known_id(self, address: Address) -> str:
        """Return the ARM id of an address that was expanded; "" when there is none."""
        if address in self.externals:
            return self.externals[address]
        resource = self.resources.get(address)
        return resource.resource_id if resource else ""

    def workspace_id(self, path: Keys) -> str:
        """Return the id of the workspace that everything in it needs.

        Without one a problem is noted at the path, and "" returned.
        """
        found = self.known_id("workspace")
        if not found and "workspace" not in self.broken:
            self.problem(
                f"`{path[0]}` needs a `workspace`",
                path,
                hint="add one, or give the id of an existing one",
            )
        return found

    def tracked_tags(
        self, resource_id: str, own: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return the tags of a resource: the spec's, its own, and our mark."""
        return {**self.tags, **(own or {}), OWNER_TAG: mark(self.owner, resource_id)}

    def reference(
        self, text: str, path: Keys, *, kinds: Iterable[str] = (), attribute: str = ""
    ) -> Any:
        """Return what a reference or resource id in the spec stands for.

        An id stands for itself; a reference to an external thing for that thing's id;
        anything else is a `Reference`. `kinds` limits what may be referred to. A wrong
        reference is noted as a problem and "" returned.
        """
        match = _EXPRESSION.fullmatch(text.strip())
        if not match and "${{" in text:
            self.problem(
                f"{shortened(text, 80)!r} is not a valid reference",
                path,
                hint="a reference is the whole value and ends in `}}`: `${{ section.name.attribute }}`",
            )
            return ""
        wanted = tuple(kinds)
        if not match:
            if len(wanted) == 1:
                self.names_existing(wanted[0], text, path)
            return text
        address, attributes = self._split(match[1])
        if not address and self._is_broken(match[1]):
            return ""
        if not address:
            outside = match[1].partition(".")[0] in OUTSIDE
            self.problem(
                f"`{text}` does not refer to anything in this spec",
                path,
                hint=NO_OUTSIDE if outside else did_you_mean(match[1], self.kinds),
            )
            return ""
        kind = self.kinds[address]
        if wanted and kind not in wanted:
            fitting = [address for address, known in self.kinds.items() if known in wanted]
            self.problem(
                f"`{text}` is {_a(kind)}, expected {' or '.join(map(_a, wanted))}",
                path,
                hint=did_you_mean(match[1], fitting) or f"add {_a(wanted[0])} to this spec first",
            )
            return ""
        return self._value(text, address, attributes or attribute, path)

    def names(self, text: str) -> bool:
        """Return whether a reference names something that was expanded already."""
        match = _EXPRESSION.fullmatch(text.strip())
        return bool(match and self._split(match[1])[0])

    def _value(self, text: str, address: Address, attribute: str, path: Keys) -> Any:
        known = self.attributes.get(self.kinds[address], Attributes())
        name = attribute or known.default
        if known.vault and name.partition(".")[0] == "secrets":
            return self._in_vault(text, address, name.partition(".")[2], path)
        made = self.resources.get(address)
        own = known.stated(made.settings) if made else frozenset()
        if name not in known.names | known.secrets | own:
            is_secret = name.startswith("key_vault.secrets")
            hint = ELSEWHERE if is_secret else did_you_mean(name, known.shown | own)
            self.problem(f"`{text}`: {_a(self.kinds[address])} has no `{name}`", path, hint=hint)
            return ""
        if address in self.externals and name == "id":
            return self.externals[address]
        is_secret, place = name in known.secrets, self.document.position(path)
        if made and name in known.optional - made.known.keys():
            has = did_you_mean(name, known.optional & made.known.keys())
            self.problem(f"`{text}`: `{address}` has no `{name}`", path, hint=has)
            return ""
        why_not = known.excluded(made.settings) if is_secret and made else ""
        if why_not:
            self.problem(f"`{text}`: `{address}` has no `{name}`: {why_not}", path, hint=NO_KEYS)
            return ""
        return Reference(address, name, secret=is_secret, position=place)

    def _in_vault(self, text: str, address: Address, name: str, path: Keys) -> Any:
        """Return the reference to a secret of a vault, made here or existing elsewhere."""
        vault = self.known_id(address).rpartition("/")[2]
        identifier = SecretIdentifier.in_vault(vault, name)
        if identifier is None:
            self.problem(
                f"`{text}` does not name a key vault secret",
                path,
                hint="write `secrets.NAME`, or `secrets.NAME.VERSION` to pin a version: NAME "
                "takes letters, digits and hyphens, VERSION is 32 hexadecimal digits",
            )
            return ""
        if address in self.externals:
            return self.secret(identifier, path)
        place = self.document.position(path)
        return Reference(address, f"secrets.{name}", secret=True, position=place)

    def secret(self, identifier: SecretIdentifier, path: Keys) -> Reference:
        """Return the reference to a secret of a key vault outside of this spec."""
        return Reference("", str(identifier), secret=True, position=self.document.position(path))

    def _split(self, dotted: str) -> tuple[Address, str]:
        """Return the longest known address at the start of `a.b.c`, and what follows it."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            address = ".".join(parts[:end])
            if address in self.kinds:
                return address, ".".join(parts[end:])
        return "", ""

    def _is_broken(self, dotted: str) -> bool:
        return any(dotted == b or dotted.startswith(f"{b}.") for b in self.broken)

    def problem(self, summary: str, path: Keys, *, detail: str = "", hint: str = "") -> None:
        """Note an error of the spec at a path of the document."""
        place = self.document.position(path)
        self.problems.append(Diagnostic(summary, place, detail, hint))

    def warning(
        self, check: str, summary: str, path: Keys, *, detail: str = "", hint: str = ""
    ) -> None:
        """Note something that stops nothing. `check`: the id that the spec can accept it as."""
        place, address = self.document.position(path), ".".join(map(str, path[:2]))
        found = Diagnostic(
            summary, place, detail, hint, Severity.WARNING, id=check, address=address
        )
        self.problems.append(found)


def _a(kind: str) -> str:
    """Return a kind's word with its article."""
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"
