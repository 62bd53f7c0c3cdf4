"""A role assignment under the name that ours would have: deleted only where it is ours.

The name is computed from scope, identity and role, so after an identity was made anew an old
one may stand in the way. It gives somebody rights, and only its mark says whether it is ours.
"""

import json
import re
import uuid

import pytest

from reconciler.diagnostics import ExitCode, RefusedError
from reconciler.engine.types import Action, Status
from reconciler.kinds.ownership import mark
from reconciler.operations.apply.executor import apply
from reconciler.render.reason_text import summary_of
from tests.support.azure import Quiet, edited

SMALL = "examples/smallest.yaml"
API = "2022-04-01"
GRANT = "identities.worker.reader"
WITHOUT = ("compute:\n", "identities: {worker: {}}\ncompute:\n")
GRANTED = (
    "compute:\n",
    "identities:\n  worker:\n    role_assignments:\n"
    '      - {role: Reader, scope: "${{ workspace.storage_account }}"}\ncompute:\n',
)


class Grants:
    """The smallest world with an identity, and a grant in the way of ours."""

    def __init__(self, azure, tmp_path):
        self.azure = azure
        _, problems = azure.apply(edited(tmp_path, SMALL, WITHOUT))
        assert problems == []
        self.loaded = edited(tmp_path, SMALL, GRANTED)
        self.wanted = self.loaded.resources[GRANT]
        self.arm = azure.connection(self.loaded).arm

    def stands(self, owner):
        """Give somebody the same role under the name of ours; return who."""
        principal = str(uuid.uuid5(uuid.NAMESPACE_DNS, "somebody"))
        words = f"for a vendor {mark(owner, self.wanted.resource_id)}" if owner else "for a vendor"
        body = {
            "roleDefinitionId": self.wanted.desired["properties"]["roleDefinitionId"],
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "description": words,
        }
        self.arm.put(self.wanted.resource_id, API, {"properties": body})
        self.azure.clear_journal()
        return principal

    def hide(self):
        """Let the next read of it, and the next list, not know of it."""
        one = self.wanted.resource_id.rpartition("/")[2]
        path = f"/roleAssignments/{one}"
        gone = {"status": 404, "body": {"error": {"code": "RoleAssignmentNotFound"}}}
        for rule in (
            {"path": path, "action": gone},
            {"path": r"/roleAssignments(?!.*assignedTo)(\?|$)", "action": {"omit": re.escape(one)}},
        ):
            self.azure.control("POST", "faults", {"method": "GET", "times": 1, **rule})

    def holder(self):
        return self.arm.get(self.wanted.resource_id, API)["properties"]["principalId"]

    def deleted(self):
        return [w for w in self.azure.writes() if w.startswith("DELETE")]


@pytest.fixture
def grants(azure, tmp_path):
    yield Grants(azure, tmp_path)
    azure.control("DELETE", "faults")


@pytest.mark.parametrize("owner", ["another", None])
def test_a_grant_of_another_one_under_our_name_stops_the_plan(grants, owner):
    theirs = grants.stands(owner)
    problem = grants.azure.plan(grants.loaded).change_of(GRANT).problems[0]
    assert problem is not None
    with pytest.raises(RefusedError):
        grants.azure.apply(grants.loaded)
    assert grants.deleted() == []
    assert grants.holder() == theirs


@pytest.mark.parametrize("owner", ["another", None])
def test_a_grant_of_another_one_that_no_read_showed_is_not_deleted(grants, owner):
    planned = grants.azure.plan(grants.loaded)
    assert planned.change_of(GRANT).action is Action.CREATE
    theirs = grants.stands(owner)
    grants.hide()
    connection = grants.azure.connection(grants.loaded)
    report = apply(grants.loaded, connection, planned, progress=Quiet())
    (ended,) = [o for o in report.outcomes if o.address == GRANT]
    assert ended.status is Status.REFUSED
    assert "not marked as ours" in summary_of(ended.problems[0])
    assert grants.deleted() == []
    assert grants.holder() == theirs


def test_a_grant_of_ours_that_no_read_showed_is_made_anew(grants):
    planned = grants.azure.plan(grants.loaded)
    former = grants.stands("smallest")
    grants.hide()
    connection = grants.azure.connection(grants.loaded)
    report = apply(grants.loaded, connection, planned, progress=Quiet())
    assert report.exit_code is ExitCode.OK, json.dumps([str(o.problems) for o in report.outcomes])
    assert len(grants.deleted()) == 1
    assert grants.holder() != former
    assert grants.azure.plan(grants.loaded).is_empty
