"""Tags as a resource of their own: three operations, at every scope, within Azure's limits."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
OF_ACCOUNT = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def patch(rm: Any, operation: str, scope: str = GROUP, **tags: str) -> dict[str, str]:
    body = {"operation": operation, "properties": {"tags": tags}}
    found: dict[str, str] = rm.tags.begin_update_at_scope(scope, body).result().properties.tags
    return found


def refusal(rm: Any, tags: dict[str, str], scope: str = GROUP) -> str:
    with pytest.raises(HttpResponseError) as caught:
        patch(rm, "Merge", scope, **tags)
    assert caught.value.status_code == 400
    return str(caught.value.error.code)


def test_merge_replace_and_delete_change_a_group_as_its_own_put_would(rm: Any) -> None:
    assert patch(rm, "Merge", team="x", owner="y") == {"team": "x", "owner": "y"}
    assert patch(rm, "Merge", team="z") == {"team": "z", "owner": "y"}
    assert patch(rm, "Delete", owner="somebody else") == {"team": "z", "owner": "y"}
    assert patch(rm, "Delete", owner="y") == {"team": "z"}
    assert rm.resource_groups.get("rg").tags == {"team": "z"}
    assert patch(rm, "Replace", other="1") == {"other": "1"}
    assert rm.tags.get_at_scope(GROUP).properties.tags == {"other": "1"}


def test_a_tag_is_found_by_its_name_in_any_case(rm: Any) -> None:
    patch(rm, "Merge", Team="x")
    assert patch(rm, "Merge", team="y") == {"team": "y"}
    assert patch(rm, "Delete", TEAM="") == {}


@pytest.mark.parametrize("scope", [f"/subscriptions/{SUBSCRIPTION}", GROUP, ACCOUNT])
def test_every_scope_keeps_tags_of_its_own(rm: Any, put: Any, scope: str) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **OF_ACCOUNT)
    patch(rm, "Merge", scope, at=scope)
    assert rm.tags.get_at_scope(scope).properties.tags == {"at": scope}
    others = {f"/subscriptions/{SUBSCRIPTION}", GROUP, ACCOUNT} - {scope}
    assert [rm.tags.get_at_scope(one).properties.tags or {} for one in others] == [{}, {}]
    rm.tags.begin_delete_at_scope(scope).result()
    assert not rm.tags.get_at_scope(scope).properties.tags


def test_nothing_is_tagged_where_nothing_is(rm: Any) -> None:
    with pytest.raises(ResourceNotFoundError):
        patch(rm, "Merge", GROUP + "x", team="x")
    with pytest.raises(ResourceNotFoundError):
        patch(rm, "Merge", ACCOUNT, team="x")


def test_names_values_and_their_number_have_limits(rm: Any, put: Any) -> None:
    assert refusal(rm, {"a/b": "x"}) == "InvalidTagNameCharacters"
    assert refusal(rm, {"n" * 513: "x"}) == "InvalidTagName"
    assert refusal(rm, {"n": "v" * 257}) == "InvalidTagValueLength"
    fifty = {f"n{number}": "v" for number in range(50)}
    assert patch(rm, "Merge", **fifty) == fifty
    assert refusal(rm, {"one": "more"}) == "InvalidTagCount"
    assert rm.tags.get_at_scope(GROUP).properties.tags == fifty
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **OF_ACCOUNT)
    assert refusal(rm, {"n" * 129: "x"}, ACCOUNT) == "InvalidTagName"


def test_a_put_of_the_resource_has_the_same_limits(rm: Any, sandbox: Sandbox) -> None:
    body = {"location": "eastus", "tags": {"a?b": "x"}}
    status, shown, _ = sandbox.send("PUT", GROUP, body, api_version="2024-07-01")
    assert (status, shown["error"]["code"]) == (400, "InvalidTagNameCharacters")
    assert not rm.resource_groups.get("rg").tags
