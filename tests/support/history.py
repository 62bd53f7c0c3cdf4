"""A history of commands on a sandbox, told without its words, and how to take the words away."""

import json

from reconciler.cli.main import main
from reconciler.diagnostics import Diagnostic
from reconciler.render import reason_text
from tests.support.azure import ROOT

SMALL = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
CONSTANT = "words"
DECIDED = ("actions", "replace_paths", "after_unknown")
"""What of a change in JSON is the same whenever it is planned."""
IDS = {
    "account": "providers/Microsoft.Storage/storageAccounts/smallestwsstorage",
    "vault": "providers/Microsoft.KeyVault/vaults/smallest-ws-kv",
    "cluster": "providers/Microsoft.MachineLearningServices/workspaces/smallest-ws"
    "/computes/cpu-cluster",
}
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest"
MAKERS = (reason_text.because, reason_text.note, reason_text.kept_because)
"""Every function that puts a reason or a note into words."""


def constant(_):
    return "words"


def without_words(patch):
    """Replace the words where they are made, for whoever has imported their makers too."""
    for maker in MAKERS:
        patch.setattr(maker, "__code__", constant.__code__)

    def blank(problem):
        for name in ("summary", "detail", "hint"):
            object.__setattr__(problem, name, CONSTANT)

    patch.setattr(Diagnostic, "__post_init__", blank)


class History:
    """Commands on a sandbox, and what became of each but for its words."""

    def __init__(self, azure, folder, capsys):
        """Begin with nothing told; the spec lies in `folder`."""
        self.azure = azure
        self.file = folder / "spec.yaml"
        self.saved = folder / "plan.json"
        self.capsys = capsys
        self.told = []

    def spec(self, *changes, text=SMALL):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.file.write_text(text, encoding="utf-8")

    def run(self, *words, source=None):
        self.azure.clear_journal()
        self.capsys.readouterr()
        code = main(
            [*words, str(source or self.file), "-o", "json", "--sandbox", self.azure.server.url]
        )
        out = self.capsys.readouterr().out
        found = json.loads(out) if out else {}
        self.told.append((words[0], int(code), decisions(found), sorted(self.azure.writes())))
        return int(code)

    def apply_saved(self):
        return self.run("apply", source=self.saved)

    def drift(self, name, body):
        one = {"op": "patch", "id": f"{GROUP}/{IDS[name]}", "body": body}
        self.azure.control("POST", "drift", one)


def decisions(found):
    """Return what a document says was decided and done, without the words."""
    planned = [
        (c["address"], c["id"], *(c["change"][part] for part in DECIDED), c.get("action_reason"))
        for c in found.get("resource_changes", ())
    ]
    done = [
        (o["address"], o["action"], o["status"], o["because_of"]) for o in found.get("outcomes", ())
    ]
    states = [(r["address"], r["synced"], r["health"]) for r in found.get("resources", ())]
    return planned, done, states
