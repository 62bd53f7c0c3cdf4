"""Secrets of key vaults: read at the write, followed when they change, refused with what to do."""

import pytest

from reconciler.diagnostics import InterruptedRun, RefusedError
from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.spec.vault_secrets import SecretIdentifier
from tests.support.azure import Quiet
from tests.support.robot import Robot
from tests.support.vaults import GROUP, ask, object_id, put_secret, spec_text

CONNECTION = "connections.search"
OWN = "${{ workspace.key_vault.secrets.search-key }}"
LINE = spec_text("vaulted", key="x").splitlines().index("      key: x") + 1
VALUE = "first~Value/of+the=vault"
ML = "2026-05-01"


THEIRS = "somebody~Elses/own+key99"


@pytest.fixture
def spec(tmp_path):
    """Return a function that writes and loads the spec with a secret of some vault."""

    def written(key=OWN, vault="", *, connections=True):
        text = spec_text("vaulted", vault, key=key)
        if not connections:
            text = text[: text.index("connections:")] + text[text.index("lifecycle:") :]
        file = tmp_path / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        return load(str(file))

    return written


@pytest.fixture(scope="module")
def worlds():
    """The one world of `applied`, once a test has needed it."""
    return []


@pytest.fixture
def applied(azure, spec, worlds):
    """The spec applied, with a secret in its vault."""
    if not worlds:
        azure.apply(spec(connections=False))
        put_secret(azure, "vaulted-kv", "search-key", VALUE)
        _, problems = azure.apply(spec())
        assert problems == []
        worlds.append(azure.snapshot())
    azure.restore(worlds[0])
    return azure


def held(azure, loaded):
    """What Azure holds as the connection's key."""
    path = f"{loaded.resources[CONNECTION].resource_id}/listsecrets"
    return azure.connection(loaded).arm.post(path, ML)["properties"]["credentials"]["keys"]["key"]


def asked_of_vaults(azure):
    return [f"{e['method']} {e['path']}" for e in azure.journal() if "/_vault/" in e["path"]]


def other_vault(azure, loaded, name="others-kv", **properties):
    """Make a vault that is not of the spec."""
    arm = azure.connection(loaded).arm
    arm.put(f"{GROUP}/rg-others", "2025-04-01", {"location": "eastus"})
    stated = {
        "tenantId": azure.server.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        **properties,
    }
    vault = f"{GROUP}/rg-others/providers/Microsoft.KeyVault/vaults/{name}"
    arm.put(vault, "2023-07-01", {"location": "eastus", "properties": stated})
    return vault


def test_the_first_apply_says_what_to_put_where_and_the_second_goes_on(azure, spec):
    loaded = spec()
    _, problems = azure.apply(loaded)
    [(address, problem)] = problems
    assert address == CONNECTION
    assert (problem.position.line, problem.position.column) == (LINE, 12)
    assert "the secret `search-key` in the key vault `vaulted-kv` does not exist" in problem.summary
    assert "SecretNotFound 404" in problem.detail
    assert "az keyvault secret set --vault-name vaulted-kv --name search-key" in problem.hint
    put_secret(azure, "vaulted-kv", "search-key", VALUE)
    _, problems = azure.apply(loaded)
    assert problems == []
    assert held(azure, loaded) == VALUE
    azure.clear_journal()
    report, _ = azure.apply(loaded)
    assert {o.status for o in report.outcomes} == {Status.UNCHANGED}
    assert azure.writes() == []


def test_a_plan_asks_no_vault(applied, spec):
    loaded = spec()
    put_secret(applied, "vaulted-kv", "search-key", "another value")
    applied.clear_journal()
    assert applied.plan(loaded).is_empty
    assert asked_of_vaults(applied) == []


def test_a_read_only_connection_reads_no_secret(applied, spec):
    connection = applied.connection(spec(), read_only=True)
    applied.clear_journal()
    with pytest.raises(RefusedError, match="read-only"):
        connection.vaults.secret(SecretIdentifier("vaulted-kv", "search-key"))
    assert asked_of_vaults(applied) == []


def test_a_run_that_was_stopped_reads_no_secret(applied, spec):
    connection = applied.connection(spec())
    connection.stop.set()
    applied.clear_journal()
    with pytest.raises(InterruptedRun):
        connection.vaults.secret(SecretIdentifier("vaulted-kv", "search-key"))
    assert asked_of_vaults(applied) == []


def test_a_new_value_is_followed_by_the_next_apply(applied, spec):
    loaded = spec()
    put_secret(applied, "vaulted-kv", "search-key", "second value")
    applied.clear_journal()
    report, problems = applied.apply(loaded)
    assert problems == []
    assert [o.address for o in report.outcomes if o.status is Status.DONE] == [CONNECTION]
    assert [w for w in applied.writes() if "/connections/search" not in w] == []
    assert held(applied, loaded) == "second value"


def test_a_pinned_version_stays(applied, spec):
    pinned = put_secret(applied, "vaulted-kv", "search-key", "pinned value")
    put_secret(applied, "vaulted-kv", "search-key", "newest value")
    loaded = spec("${{ workspace.key_vault.secrets.search-key.%s }}" % pinned)  # noqa: UP031
    applied.apply(loaded)
    assert held(applied, loaded) == "pinned value"
    put_secret(applied, "vaulted-kv", "search-key", "newer value still")
    applied.clear_journal()
    applied.apply(loaded)
    assert applied.writes() == []


@pytest.mark.parametrize("versioned", [False, True])
def test_a_secret_of_any_vault_is_named_by_its_identifier(applied, spec, versioned):
    other_vault(applied, spec())
    version = put_secret(applied, "others-kv", "key", "of others")
    put_secret(applied, "others-kv", "key", "of others, newer")
    end = f"/{version}" if versioned else ""
    loaded = spec(f"{{key_vault_url: 'https://others-kv.vault.azure.net/secrets/key{end}'}}")
    _, problems = applied.apply(loaded)
    assert problems == []
    assert held(applied, loaded) == ("of others" if versioned else "of others, newer")


def test_a_vault_that_exists_already_is_read_as_well(azure, spec):
    vault = other_vault(azure, spec())
    put_secret(azure, "others-kv", "search-key", "of the existing one")
    loaded = spec(vault=vault)
    _, problems = azure.apply(loaded)
    assert problems == []
    assert held(azure, loaded) == "of the existing one"


@pytest.mark.parametrize(
    ("attributes", "told", "hint"),
    [
        ({"enabled": False}, "is disabled", "set-attributes"),
        ({"exp": 1577836800}, "expired on 2020-01-01", "az keyvault secret set"),
        ({"nbf": 4102444800}, "is not valid before 2100-01-01", "apply again then"),
    ],
)
def test_a_secret_that_must_not_be_used_is_not(applied, spec, attributes, told, hint):
    loaded = spec()
    put_secret(applied, "vaulted-kv", "search-key", "out of use", **attributes)
    [(address, problem)] = applied.apply(loaded)[1]
    assert address == CONNECTION
    assert told in problem.summary
    assert hint in problem.hint
    assert problem.position.line == LINE
    assert held(applied, loaded) == VALUE


@pytest.mark.parametrize(
    ("properties", "told", "hint"),
    [
        ({"enableRbacAuthorization": False}, "access policies", "az keyvault set-policy"),
        ({"publicNetworkAccess": "Disabled"}, "network rules", "machine that the rules allow"),
    ],
)
def test_a_vault_that_does_not_let_us_in_says_why(applied, spec, properties, told, hint):
    vault = other_vault(applied, spec(), **properties)
    loaded = spec("{key_vault_url: 'https://others-kv.vault.azure.net/secrets/key'}")
    [(_, problem)] = applied.apply(loaded)[1]
    assert told in problem.summary
    assert hint in problem.hint
    assert problem.position.line == LINE
    assert vault.endswith("others-kv")


def test_a_right_in_the_access_policies_is_enough(applied, spec):
    policy = {
        "tenantId": applied.server.tenant_id,
        "objectId": object_id(applied),
        "permissions": {"secrets": ["get", "set"]},
    }
    properties = {"enableRbacAuthorization": False, "accessPolicies": [policy]}
    other_vault(applied, spec(), **properties)
    put_secret(applied, "others-kv", "key", "by policy")
    loaded = spec("{key_vault_url: 'https://others-kv.vault.azure.net/secrets/key'}")
    assert applied.apply(loaded)[1] == []
    assert held(applied, loaded) == "by policy"


def test_a_missing_role_is_named_and_the_least_one_is_enough(applied, spec):
    loaded = spec()
    put_secret(applied, "vaulted-kv", "search-key", "second value")
    robot = Robot(applied, loaded)
    robot.is_given("Owner")

    def applied_by_the_robot():
        connection = robot.connection()
        planned = plan(loaded, connection)
        connection.allow_writes()
        return apply(loaded, connection, planned, progress=Quiet())

    [problem] = [p for o in applied_by_the_robot().outcomes for p in o.problems]
    assert "cannot be read: permission denied" in problem.summary
    assert "ForbiddenByRbac 403" in problem.detail
    assert "at least the role `Key Vault Secrets User` on the vault `vaulted-kv`" in problem.hint
    vault = loaded.resources["workspace.key_vault"].resource_id
    robot.is_given("Key Vault Secrets User", f"{vault}/secrets/search-key")
    assert [o.problems for o in applied_by_the_robot().outcomes if o.problems] == []
    assert held(applied, loaded) == "second value"


def test_a_vault_that_has_no_time_is_asked_again(applied, spec):
    loaded = spec()
    put_secret(applied, "vaulted-kv", "search-key", "second value")
    for status, header in ((429, {"Retry-After": "0"}), (503, {"retry-after-ms": "1"})):
        action = {"status": status, "headers": header}
        rule = {"method": "GET", "path": "/_vault/", "times": 1, "when": "before"}
        applied.control("POST", "faults", {**rule, "action": action})
    assert applied.apply(loaded)[1] == []
    assert held(applied, loaded) == "second value"


def test_the_value_is_read_for_the_comparison_and_the_write_alone(applied, spec):
    put_secret(applied, "vaulted-kv", "search-key", "second value")
    applied.clear_journal()
    applied.apply(spec())
    assert asked_of_vaults(applied) == ["GET /_vault/vaulted-kv/secrets/search-key"]


def test_a_prune_after_the_connection_left_the_spec_reads_no_secret(applied, spec):
    ask(applied, "DELETE", "/_vault/vaulted-kv/secrets/search-key")
    applied.clear_journal()
    without = spec(connections=False)
    connection = applied.connection(without)
    planned = plan(without, connection, PlanOptions(prune=True))
    report = apply(without, connection, planned, progress=Quiet())
    assert [o.problems for o in report.outcomes if o.problems] == []
    assert asked_of_vaults(applied) == []


def test_a_destroy_reads_no_secret(applied, spec):
    loaded = spec()
    ask(applied, "DELETE", "/_vault/vaulted-kv/secrets/search-key")
    applied.clear_journal()
    report = applied.destroy(loaded)
    assert [o.problems for o in report.outcomes if o.problems] == []
    assert CONNECTION in {o.address for o in report.outcomes if o.action is Action.DELETE}
    assert asked_of_vaults(applied) == []


def test_a_key_of_somebody_else_in_our_connection_is_not_shown(applied, spec, tmp_path):
    """An update reads all values to keep those of others: they are secrets like our own."""
    resource_id = spec().resources[CONNECTION].resource_id
    arm = applied.connection(spec()).arm
    values = arm.post(f"{resource_id}/listsecrets", ML)["properties"]["credentials"]["keys"]
    body = arm.get(resource_id, ML)["properties"]
    body["credentials"] = {"keys": {**values, "theirs": THEIRS}}
    arm.put(resource_id, ML, {"properties": body})
    answer = {"error": {"code": "BadRequest", "message": f"'{THEIRS}' is not valid here"}}
    echo = {"method": "PUT", "path": "/connections/", "action": {"status": 400, "body": answer}}
    applied.control("POST", "faults", echo)
    file = tmp_path / "spec.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("https://search.example", "https://search.other"), "utf-8")
    _, problems = applied.apply(load(str(file)))
    applied.control("DELETE", "faults")
    ((_, problem),) = problems
    assert "is not valid here" in repr(problem)
    assert THEIRS not in repr(problem)
