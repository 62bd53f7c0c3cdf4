"""No secret of a key vault is in anything that we print, save, raise or keep, whatever happens.

Three canaries: of the vault of the spec, of another vault at a pinned version, and one so short
that a digest of it could be guessed. `detector` looks for each in every encoding.
"""

import hashlib
import json
from pathlib import Path

import pytest

from reconciler.operations.load import load
from tests.secrets.conftest import Scenario
from tests.secrets.detector import leaks
from tests.support.azure import Azure
from tests.support.vaults import GROUP, put_secret, spec_text

VALUES = {
    "ours": "our~Vault/Canary+1=å",
    "ours, rotated": "our~Vault/Canary+2=å",
    "of others": "their~Vault/Canary&3 x",
    "of others, newer": "their~Vault/Canary&4 x",
}
PIN = "4711"
KEYS = {
    "key": "${{ workspace.key_vault.secrets.search-key }}",
    "pin": "${{ workspace.key_vault.secrets.pin }}",
    "other": '{key_vault_url: "https://others-kv.vault.azure.net/secrets/other-key/VERSION"}',
}
COMMANDS = {
    "validate": ("validate",),
    "plan, logged": ("plan", "-v"),
    "plan as JSON": ("plan", "-o", "json"),
    "plan as Markdown": ("plan", "-o", "markdown"),
    "status as JSON": ("status", "-o", "json", "-v"),
    "apply, logged": ("apply", "--yes", "-v", "--color", "always"),
    "apply as JSON": ("apply", "--yes", "-o", "json"),
    "graph": ("graph",),
    "destroy, not confirmed": ("destroy", "-v"),
}


def written(done):
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def nowhere(pool, tmp_path_factory):
    """The spec applied by the command line, its vaults filled; all that was printed is kept."""
    with pool.lent() as running:
        scenario = Scenario(Azure(running))
        arm = scenario.azure.connection(load("specs/phi3-ultrachat.yaml")).arm
        arm.put(f"{GROUP}/rg-others", "2025-04-01", {"location": "eastus"})
        sku = {"family": "A", "name": "standard"}
        properties = {"tenantId": running.tenant_id, "sku": sku, "enableRbacAuthorization": True}
        vault = f"{GROUP}/rg-others/providers/Microsoft.KeyVault/vaults/others-kv"
        arm.put(vault, "2023-07-01", {"location": "eastus", "properties": properties})
        version = put_secret(scenario.azure, "others-kv", "other-key", VALUES["of others"])
        put_secret(scenario.azure, "others-kv", "other-key", VALUES["of others, newer"])
        scenario.spec = str(tmp_path_factory.mktemp("spec") / "nowhere.yaml")
        text = spec_text("nowhere", **KEYS).replace("VERSION", version)
        Path(scenario.spec).write_text(text, encoding="utf-8")
        scenario.printed = _lived(scenario)
        yield scenario


def _lived(scenario):
    """Apply without the secrets, with them, and after they changed; return what was printed."""
    azure = scenario.azure
    done = [scenario.run("apply", scenario.spec, "--yes", "-v")]
    put_secret(azure, "nowhere-kv", "pin", PIN)
    put_secret(azure, "nowhere-kv", "search-key", VALUES["ours"])
    done.append(scenario.run("apply", scenario.spec, "--yes", "-v"))
    put_secret(azure, "nowhere-kv", "search-key", VALUES["ours, rotated"])
    done.append(scenario.run("apply", scenario.spec, "--yes", "-v", "-o", "json"))
    assert [one.returncode for one in done] == [1, 0, 0], "".join(map(written, done))
    return "".join(map(written, done))


def held(scenario):
    """What Azure holds for the connection."""
    loaded = load(scenario.spec)
    path = f"{loaded.resources['connections.search'].resource_id}/listsecrets"
    found = scenario.azure.connection(loaded).arm.post(path, "2026-05-01")
    return found["properties"]["credentials"]["keys"]


def test_the_secrets_arrived(nowhere):
    keys = held(nowhere)
    assert (keys["key"], keys["other"]) == (VALUES["ours, rotated"], VALUES["of others"])
    assert keys["pin"] == PIN


def test_what_filled_and_followed_them_printed_none(nowhere):
    assert leaks(VALUES, nowhere.printed) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_none(nowhere, command):
    word, *rest = COMMANDS[command]
    done = nowhere.run(word, nowhere.spec, *rest)
    assert done.returncode in (0, 5), written(done)
    assert leaks(VALUES, written(done)) == []


def test_a_plan_says_that_they_are_compared_at_apply(nowhere):
    done = nowhere.run("plan", nowhere.spec)
    assert "connections.search: secrets (compared at apply)" in done.stdout


def test_a_saved_plan_holds_none_and_no_digest(nowhere, tmp_path):
    file = tmp_path / "plan.json"
    done = nowhere.run("plan", nowhere.spec, "--out", str(file))
    assert done.returncode == 0, written(done)
    assert leaks(VALUES, file.read_text(encoding="utf-8") + written(done)) == []
    assert digests_in(file.read_text(encoding="utf-8")) == []
    applied = nowhere.run("apply", str(file), "--yes", "-v")
    assert applied.returncode == 0, written(applied)
    assert leaks(VALUES, written(applied)) == []


def test_the_journal_of_the_sandbox_holds_none(nowhere):
    assert leaks(VALUES, nowhere.azure.control("GET", "journal")) == []


def test_only_vaults_and_the_connection_hold_them_and_nothing_holds_a_digest(nowhere):
    snapshot = json.loads(nowhere.azure.control("GET", "snapshot"))
    records = [text for key, text in snapshot["resources"] if "/connections/" not in key]
    shown = [json.loads(text)["body"] for key, text in snapshot["resources"]]
    documents = [row for row in snapshot["documents"] if row[0] != "vault_secrets"]
    text = json.dumps([records, shown, documents])
    assert leaks(VALUES, text) == []
    assert digests_in(text) == []


def digests_in(text):
    """Return every digest of a canary, keyed by nothing, whose beginning stands in a text."""
    made = [
        (name, label)
        for label, value in {**VALUES, "pin": PIN}.items()
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b")
        if hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest()[:12] in text
    ]
    return made + [label for label, value in VALUES.items() if value in text]


ECHOES = {
    "the vault that refuses": ("GET", "/_vault/nowhere-kv/", 403, "text"),
    "the write that is refused": ("PUT", "/connections/search", 400, "json"),
    "the list that is refused": ("POST", "/listsecrets", 400, "text"),
}


@pytest.mark.parametrize("echo", ECHOES)
def test_an_answer_that_echoes_them_is_shown_without_them(nowhere, echo):
    newest = f"echoed~Vault/Canary+{len(echo)}"
    put_secret(nowhere.azure, "nowhere-kv", "search-key", newest)
    method, path, status, form = ECHOES[echo]
    told = VALUES["of others"] if echo == "the list that is refused" else newest
    words = f"The value '{told}' is not valid, see https://x/?sig={told}"
    body = {"error": {"code": "Forbidden", "message": words, "innererror": {"code": told}}}
    # The vault has said the value before it refuses: what is not known yet cannot be hidden.
    nth = 2 if method == "GET" else 1
    rule = {"method": method, "path": path, "nth": nth, "times": 1, "when": "before"}
    action = {"status": status, "body": body}
    nowhere.azure.control("POST", "faults", {**rule, "action": action})
    done = nowhere.run("apply", nowhere.spec, "--yes", "-v", "-o", form)
    nowhere.azure.control("DELETE", "faults")
    assert done.returncode == 1
    assert "(sensitive value)" in written(done)
    assert leaks({**VALUES, "newest": newest}, written(done)) == []
    assert nowhere.run("apply", nowhere.spec, "--yes").returncode == 0
    assert held(nowhere)["key"] == newest
