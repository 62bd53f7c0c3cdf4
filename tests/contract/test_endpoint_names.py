"""An endpoint's name that somebody else has in the region is told before Azure refuses it."""

import pytest

from reconciler.engine.findings import Level
from tests.support.checked import others_have_endpoint, smallest

ENDPOINT = "endpoints.chat-of-the-team"
ADDED = ("compute:\n", "endpoints:\n  chat-of-the-team: {auth_mode: key}\ncompute:\n")


def test_a_name_that_others_have_in_the_region_is_a_warning(azure, tmp_path):
    others_have_endpoint(azure, "westeurope")
    loaded = smallest(tmp_path, ADDED)
    (finding,) = azure.plan(loaded).findings
    assert (finding.id, finding.level) == ("endpoint-name", Level.WARNING)
    assert finding.address == ENDPOINT and finding.position.line
    assert "have the name `chat-of-the-team` in westeurope" in finding.summary
    assert "another `name`" in finding.hint and "DNS" in finding.checked_by
    assert azure.writes() == []
    _, problems = azure.apply(loaded)
    assert "unique within a region" in str(problems[0])


def test_the_same_name_in_another_region_is_free(azure, tmp_path):
    others_have_endpoint(azure, "eastus")
    loaded = smallest(tmp_path, ADDED)
    assert azure.plan(loaded).findings == ()
    assert azure.apply(loaded)[1] == []
    azure.clear_journal()
    assert azure.plan(loaded).findings == ()
    assert [e for e in azure.journal() if "_dns" in e["path"]] == []


@pytest.mark.parametrize("action", [{"drop": True}, {"status": 500, "body": "no"}])
def test_names_that_cannot_be_asked_stop_nothing(azure, tmp_path, action):
    others_have_endpoint(azure, "westeurope")
    azure.control("POST", "faults", {"path": "_dns", "action": action, "times": 0})
    assert azure.plan(smallest(tmp_path, ADDED)).findings == ()
    azure.control("DELETE", "faults")


def test_a_network_that_knows_every_name_says_nothing(azure, tmp_path):
    told = {"Status": 0, "Answer": [{"type": 1, "data": "10.0.0.1"}]}
    action = {"status": 200, "body": told}
    azure.control("POST", "faults", {"path": "_dns", "action": action, "times": 0})
    assert azure.plan(smallest(tmp_path, ADDED)).findings == ()
    azure.control("DELETE", "faults")
