"""A destroy takes away what was named; it repairs nothing else and reads no secret for that."""

from __future__ import annotations

from typing import Any

from reconciler.engine.types import Status
from tests.support.serving import API, CONNECTION, ENDPOINT, Azure

SECRETS = ("listkeys", "listsecrets")


def asked_for_secrets(azure: Azure, since: int) -> list[str]:
    return [e["path"] for e in azure.journal(since) if e["path"].lower().endswith(SECRETS)]


def credentials(azure: Azure) -> Any:
    return azure.arm.post(f"{CONNECTION}/listsecrets", API)


def test_a_connection_that_differs_is_not_written_while_something_else_is_deleted(
    live: Azure,
) -> None:
    """Somebody took the deployment down and found the connection rewritten."""
    live.arm.post(f"{ENDPOINT}/regenerateKeys", API, {"keyType": "Primary"})
    before, since = credentials(live), live.now()
    report = live.destroy(only=["deployments.blue"])
    assert report.exit_code == 0
    assert live.arm.get(f"{ENDPOINT}/deployments/blue", API) is None
    touched = {o.address for o in report.outcomes if o.status is not Status.UNCHANGED}
    assert touched == {"deployments.blue"}
    assert [w for w in live.writes(since) if "/onlineEndpoints/" not in w] == []
    assert asked_for_secrets(live, since) == []
    assert credentials(live) == before


def test_with_nothing_to_delete_nothing_is_written_or_read_in_secret(live: Azure) -> None:
    live.destroy(only=["deployments.blue"])
    live.arm.post(f"{ENDPOINT}/regenerateKeys", API, {"keyType": "Primary"})
    since = live.now()
    assert live.destroy(only=["deployments.blue"]).exit_code == 0
    assert live.writes(since) == []
    assert asked_for_secrets(live, since) == []
