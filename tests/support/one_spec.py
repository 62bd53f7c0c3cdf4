"""A loop over one spec in a folder, one pass after the other, on a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.gitops.config import Settings
from reconciler.gitops.folder import Folder
from reconciler.gitops.kept import Kept
from reconciler.gitops.lease import Leases
from reconciler.gitops.memory import Memory
from reconciler.gitops.pass_ import SpecPass, World
from reconciler.gitops.records import Condition, ConditionReason, ConditionType, PassEnd
from tests.support.azure import ROOT, Azure

NAME, FILE = "small", "smallest.yaml"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-smallest"
CLUSTER = (
    f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/smallest-ws"
    "/computes/cpu-cluster"
)
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/smallestwsstorage"
MOST_PASSES = 12


class OneSpec:
    """The passes of one spec, with what is remembered in between."""

    def __init__(self, azure: Azure, folder: Path, **settings: Any) -> None:
        """Put the smallest example into a folder; look at nothing yet."""
        self.azure = azure
        azure.clock("frozen")
        self.folder = folder / "source"
        self.folder.mkdir()
        self.file = self.folder / FILE
        self.file.write_text((ROOT / "examples" / FILE).read_text("utf-8"), "utf-8")
        self.settings = Settings(**settings)
        self.time = datetime(2026, 11, 30, 8, tzinfo=UTC)
        self.source = Folder(str(self.folder))
        self.memory = Memory()
        self.policy: Any = None
        self.closed: ConditionReason | None = None
        self.leases = Leases(None)

    def set(self, **settings: Any) -> OneSpec:
        """Keep the spec in another way from now on."""
        self.settings = Settings(**settings)
        return self

    def edit(self, old: str, new: str) -> None:
        """Change the text of the spec."""
        text = self.file.read_text("utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new), "utf-8")

    def commit(self) -> None:
        """Change something that is not the spec."""
        readme = self.folder / "README.md"
        readme.write_text(f"{readme.read_text('utf-8') if readme.exists() else ''}more\n", "utf-8")

    def restart(self) -> None:
        """Forget what is in memory."""
        self.memory = Memory()

    def begun(self) -> SpecPass:
        """Return the next pass, not begun yet."""
        world = World(
            self.azure.process, self.source, lambda: self.time, self.policy, self.leases.of
        )
        kept = Kept(NAME, FILE if self.file.exists() else "", self.settings, FILE)
        tree = self.source.latest()
        return SpecPass(kept, tree, world, self.memory, closed=self.closed)

    def look(self) -> PassEnd:
        """Make one pass, and let a minute go by, here and in Azure."""
        end, self.memory = self.begun().run()
        self.passes(60)
        return end

    def passes(self, seconds: int) -> None:
        """Let time go by, here and in Azure."""
        self.time += timedelta(seconds=seconds)
        self.azure.control("POST", "clock", {"advance": seconds})

    def until_ready(self) -> list[PassEnd]:
        """Make passes until the spec is ready, and return all of them."""
        ends = [self.look()]
        while reason(ends[-1]) is ConditionReason.PROGRESSING:
            assert len(ends) < MOST_PASSES, ends[-1]
            ends.append(self.look())
        assert reason(ends[-1]) is ConditionReason.SUCCEEDED, ends[-1]
        return ends

    def tag(self, name: str, value: str) -> None:
        """Write a tag onto the resource group, as people do."""
        body = {"operation": "Merge", "properties": {"tags": {name: value}}}
        path = f"{GROUP}/providers/Microsoft.Resources/tags/default"
        self.azure.run(SUBSCRIPTION).arm.send("PATCH", path, "2025-04-01", body=body)
        self.azure.clear_journal()

    def tags(self) -> dict[str, str]:
        """Return the tags of the resource group, as Azure holds them."""
        return dict(self.held(GROUP, "2025-04-01")["tags"])

    def nodes(self) -> int:
        """Return how many nodes the cluster may have, as Azure holds it."""
        shown = self.held(CLUSTER, "2024-10-01")["properties"]["properties"]
        return int(shown["scaleSettings"]["maxNodeCount"])

    def held(self, id_: str, api_version: str) -> dict[str, Any]:
        """Return a resource as Azure holds it."""
        found = self.azure.run(SUBSCRIPTION, read_only=True).arm.get(id_, api_version)
        assert found is not None
        return found

    def make_group(self) -> None:
        """Make the resource group, as people do who are to write a tag onto it."""
        run = self.azure.run(SUBSCRIPTION)
        run.arm.put(GROUP, "2025-04-01", {"location": "westeurope"})

    def drift(self, id_: str, body: Any) -> None:
        """Change something behind the spec's back, or delete it (`None`)."""
        one = {"op": "delete"} if body is None else {"op": "patch", "body": body}
        self.azure.control("POST", "drift", {"id": id_, **one})


def of(end: PassEnd, type_: ConditionType) -> Condition:
    """Return a condition that must be there."""
    found = end.condition(type_)
    assert found is not None, (type_, end.conditions)
    return found


def reason(end: PassEnd, type_: ConditionType = ConditionType.READY) -> ConditionReason:
    """Return the reason of a condition."""
    return of(end, type_).reason
