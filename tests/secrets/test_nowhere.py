"""No secret is in anything that we print, save, send or keep, whatever the command and format.

The secrets are those that the sandbox really made for the scenario, and canaries in the
environment. `detector` looks for each in every encoding.
"""

import hashlib
import json

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.operations.load import load
from tests.secrets.conftest import CANARIES, ENDPOINT, SPEC
from tests.secrets.detector import find, leaks
from tests.support.azure import READING_POSTS, ROOT

COMMANDS = {
    "validate": ("validate", SPEC),
    "validate as JSON": ("validate", SPEC, "-o", "json"),
    "plan": ("plan", SPEC),
    "plan, logged": ("plan", SPEC, "-v"),
    "plan as JSON": ("plan", SPEC, "-o", "json"),
    "plan as Markdown": ("plan", SPEC, "-o", "markdown"),
    "status": ("status", SPEC, "-v"),
    "status as JSON": ("status", SPEC, "-o", "json"),
    "chat": ("chat", SPEC, "How do I keep basil alive?", "-v"),
    "apply again": ("apply", SPEC, "--yes", "-v", "--color", "always"),
    "apply again as JSON": ("apply", SPEC, "--yes", "-o", "json"),
    "graph": ("graph", SPEC),
    "destroy refused": ("destroy", SPEC, "-v"),
}


@pytest.fixture(scope="module")
def applied(scenario):
    """The scenario, applied by the command line; what that printed is in `first`."""
    scenario.first = scenario.run_alone("apply", SPEC, "--yes", "-v")
    assert scenario.first.returncode == 0, scenario.first.stdout + scenario.first.stderr
    return scenario


def written(done):
    return done.stdout + done.stderr


def test_there_are_secrets_to_be_found(applied):
    found = applied.secrets()
    assert {"connection key", "endpoint primaryKey", "token", "client secret"} <= found.keys()
    assert len(found) >= 9
    assert all(len(text) >= 8 for text in found.values())


def test_the_apply_that_made_everything_showed_none(applied):
    assert leaks(applied.secrets(), written(applied.first)) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_shows_none(applied, command):
    done = applied.run(*COMMANDS[command])
    assert done.returncode in (0, 5), done.stderr
    assert leaks(applied.secrets(), written(done)) == []


def test_a_saved_plan_holds_none(applied, tmp_path):
    file = tmp_path / "plan.json"
    done = applied.run("plan", SPEC, "--out", str(file))
    assert done.returncode == 0, done.stderr
    assert leaks(applied.secrets(), file.read_text(encoding="utf-8") + written(done)) == []


def belongs(entry):
    """Whether a request is one whose body or answer exists to carry a secret."""
    path = entry["path"].lower()
    return (
        path.endswith((*READING_POSTS, "/token", "/listsecrets"))
        or ("/connections/" in path and entry["method"] == "PUT")
        or path.startswith("/_sandbox")
    )


def test_nothing_that_we_sent_holds_one_but_the_write_of_the_connection(applied):
    secrets = {k: v for k, v in applied.secrets().items() if k != "control token"}
    told = [e for e in applied.azure.entries() if not belongs(e)]
    assert len(told) > 100
    for entry in told:
        sent = {k: entry.get(k) for k in ("path", "query", "request_body", "response_body")}
        assert leaks(secrets, json.dumps(sent)) == [], f"{entry['method']} {entry['path']}"


def test_the_environment_is_sent_nowhere(applied):
    everything = json.dumps(applied.azure.entries())
    assert leaks(CANARIES, everything) == []


def test_no_tag_or_property_of_any_resource_holds_one_or_its_digest(applied):
    secrets = applied.secrets()
    state = json.dumps([e["request_body"] for e in applied.azure.entries() if not belongs(e)])
    for label, secret in secrets.items():
        for name in ("md5", "sha1", "sha256", "sha512"):
            digest = hashlib.new(name, secret.encode(), usedforsecurity=False)
            assert digest.hexdigest()[:12] not in state, f"{name} of {label}"


def echoing(applied, method, path, secret, status=400):
    """Let Azure refuse a request with words that hold a secret."""
    words = f"The value '{secret}' is not valid, see https://x/?sig={secret}"
    body = {"error": {"code": "BadRequest", "message": words, "details": [{"message": words}]}}
    rule = {"method": method, "path": path, "times": 0, "when": "before"}
    applied.azure.control("POST", "faults", {**rule, "action": {"status": status, "body": body}})


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_that_echoes_the_key_is_shown_without_it(applied, form):
    loaded = load(str(ROOT / SPEC))
    arm = applied.azure.connection(loaded).arm
    endpoint = loaded.resources[ENDPOINT].resource_id
    arm.post(f"{endpoint}/regenerateKeys", "2026-05-01", {"keyType": "Primary"})
    secrets = applied.secrets()
    echoing(applied, "PUT", r"/connections/", secrets["endpoint primaryKey"])
    done = applied.run("apply", SPEC, "--yes", "-v", "-o", form)
    applied.azure.control("DELETE", "faults")
    assert done.returncode == 1
    assert "(sensitive value)" in written(done)
    assert "is not valid" in written(done)
    assert leaks(secrets, written(done)) == []
    assert applied.run("apply", SPEC, "--yes").returncode == 0


def test_a_read_that_echoes_the_token_is_shown_without_it(applied):
    loaded = load(str(ROOT / SPEC))
    connection: RunScope = applied.azure.connection(loaded, read_only=True)
    token = connection.tokens.get_token(connection.cloud.arm_scope).token
    echoing(applied, "GET", r"storageAccounts/\w+(\?|$)", token)
    with pytest.raises(Exception) as caught:
        connection.arm.get(loaded.resources["workspace.storage_account"].resource_id, "2024-01-01")
    applied.azure.control("DELETE", "faults")
    shown = f"{caught.value} {caught.value!r} {caught.value.diagnostics!r}"
    assert find(token, shown) == []
    assert token[:40] not in shown
