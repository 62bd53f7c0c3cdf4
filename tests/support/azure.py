"""A sandbox as a test sees it, and the product's operations on it."""

import dataclasses
import shutil
from pathlib import Path

from reconciler.cloud.azure import Azure as CloudAzure
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.operations.plan.destroy import plan_destroy
from tests.support.signed_in import SignedIn

ROOT = Path(__file__).resolve().parents[2]
WRITES = ("PUT", "PATCH", "DELETE", "POST")
READING_POSTS = (
    "listkeys",
    "listsecrets",
    "checknameavailability",
    "checkpolicyrestrictions",
    "resourcegraph/resources",
)
_HELD = {}
"""The worlds of sandboxes in which a spec was applied, by URL and spec."""


class Quiet:
    """Watches an apply and says nothing."""

    def started(self, address, action):
        pass

    def finished(self, outcome):
        pass

    def say(self, address, message, *, link=""):
        pass

    def bytes(self, address, done, total):
        pass


def granting_in(seconds, run):
    """Let role assignments be in effect after so many seconds, for one run, and return it."""
    cloud = dataclasses.replace(run.cloud, role_propagation_s=seconds)
    run.azure = CloudAzure(cloud)
    return run


class Azure(SignedIn):
    """What a test sees of the sandbox, and the product's operations on it."""

    def connection(self, loaded, *, read_only=False):
        return self.run(loaded.spec.target.subscription_id, read_only=read_only)

    def plan(self, loaded, **options):
        return plan(loaded, self.connection(loaded, read_only=True), PlanOptions(**options))

    def apply(self, loaded, **options):
        report = apply(
            loaded, self.connection(loaded), self.plan(loaded), progress=Quiet(), **options
        )
        problems = [(o.address, p) for o in report.outcomes for p in o.problems]
        return report, problems

    def applied_world(self, loaded):
        """Apply a spec to an empty subscription and return a snapshot of what there is then."""
        self.empty()
        _, problems = self.apply(loaded)
        assert problems == []
        return self.snapshot()

    def hold(self, loaded):
        """Hold what a spec makes in an empty subscription: made once in a sandbox, then restored."""
        key = self.server.url, repr(loaded.document.data)
        if key not in _HELD:
            _HELD[key] = self.applied_world(loaded)
        self.restore(_HELD[key])

    def destroy(self, loaded, **options):
        connection = self.connection(loaded)
        planned = plan_destroy(loaded, connection, **options)
        return apply(loaded, connection, planned, progress=Quiet())

    def journal(self):
        """Every request but those for tokens."""
        return [e for e in self.entries() if e.get("kind") != "token"]

    def writes(self):
        """Every request since the journal was cleared that could change anything."""
        return [
            f"{e['method']} {e['path']}"
            for e in self.journal()
            if e["method"] in WRITES
            and not (e["method"] == "POST" and e["path"].lower().endswith(READING_POSTS))
        ]


def edited(tmp_path, example, *changes):
    """Return an example with some of its text replaced, loadable from anywhere."""
    text = (ROOT / example).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder = (ROOT / example).parent
    if "../examples/flows" in text:
        text = text.replace("../examples/flows", "flows")
        shutil.copytree(ROOT / "examples" / "flows", tmp_path / "flows", dirs_exist_ok=True)
    if (folder / "data").is_dir():
        # Data must lie beside its spec: a path that leads out is refused.
        shutil.copytree(folder / "data", tmp_path / "data", dirs_exist_ok=True)
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    return load(str(file))
