"""What the schemas refuse is not in the published types of any stable api-version."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.sandbox.examples.agreement import differences
from tests.sandbox.examples.requests import SHARED

pytestmark = pytest.mark.skipif(
    not (SHARED / "azure-types").is_dir(), reason="the published types are not beside the project"
)
# Published, and refused on purpose.
REFUSED = (
    r"workspaces/computes properties kind \w+",  # clusters alone are emulated
    r"workspaces/datastores properties kind \w+",  # stores on accounts that the sandbox has
    r"onlineEndpoints/deployments properties kind Kubernetes",  # managed endpoints alone
    r"workspaces/jobs properties kind \w+",  # `_jobs` compares one kind at a time
    r"secrets\.secretsType value \w+",  # secrets of another kind than the credentials
    r"registries sku\.name value Classic",  # retired by Azure
    r"managedNetwork\.firewallPublicIpAddress",  # set by the service
    r"registries identity\.(principalId|tenantId)",  # set by the service
    r"roleAssignments properties\.principalType value Agent\w+",  # no agents in the directory
)
KNOWN_LENIENT = 21
"""Properties that some api-version on file does not have and the sandbox takes all the same."""


@cache
def found() -> list[tuple[str, str, str]]:
    return [
        (version, f"{type_} {place}", what)
        for type_, version, place, what in differences()
        if "need not be sent" not in what
    ]


def test_nothing_a_stable_version_has_is_refused() -> None:
    refused = {
        f"{place} {what.removesuffix(' is refused')}".replace(" is refused", "")
        for version, place, what in found()
        if what.endswith("is refused") and "preview" not in version
    }
    unexplained = {
        text
        for text in (one.removesuffix(" is refused").removesuffix(" is") for one in refused)
        if not any(re.search(pattern + "$", text) for pattern in REFUSED)
    }
    assert not unexplained


def test_the_schemas_grow_no_more_lenient() -> None:
    lenient = {
        re.sub(r"<\w+>|\{\}", "", place)
        for version, place, what in found()
        if what == "is not published" and "preview" not in version
    }
    assert len(lenient) <= KNOWN_LENIENT, "\n".join(sorted(lenient))
