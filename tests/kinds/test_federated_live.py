"""Federated credentials in the sandbox: whose tokens an identity accepts."""

from __future__ import annotations

from tests.support.serving import PROVIDERS, SPEC, Azure

HEAD = SPEC.partition("identities:")[0].replace("project:", "#")
HOME = (
    f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/deploy"
    "/federatedIdentityCredentials"
)
VERSION = "2024-11-30"
ISSUER = "https://token.actions.githubusercontent.com"


def stating(*subjects: str) -> str:
    lines = "".join(
        f"      - {{name: c-{s}, issuer: '{ISSUER}', subject: 'repo:a/b:environment:{s}'}}\n"
        for s in subjects
    )
    return f"{HEAD}identities:\n  deploy:\n    federated_credentials:\n{lines}"


def subjects(azure: Azure) -> set[str]:
    return {i["properties"]["subject"][-4:] for i in azure.arm.list(HOME, VERSION)}


def test_what_leaves_the_spec_is_pruned_and_one_by_hand_stays(azure: Azure) -> None:
    azure.applied(stating("prod", "test"))
    by_hand = {"issuer": ISSUER, "subject": "repo:a/b:by:hand", "audiences": ["a"]}
    azure.arm.put(f"{HOME}/by-hand", VERSION, {"properties": by_hand})
    assert azure.changes(stating("prod", "test")) == {}
    left = azure.plan(stating("prod")).leftovers
    assert [change.address for change in left] == ["identities.deploy.federated_credentials.c-test"]
    azure.apply(stating("prod"), prune=True)
    assert subjects(azure) == {"prod", "hand"}


def test_many_of_one_identity_are_written_one_after_another(azure: Azure) -> None:
    azure.applied(stating(*(f"e{n:03}" for n in range(6))))
    assert len(subjects(azure)) == 6
