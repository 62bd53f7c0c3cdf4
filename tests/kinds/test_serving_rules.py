"""The pure parts of serving: shares, roles, cores, and what a chat sends and reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.chat import payload_of, text_of
from reconciler.diagnostics import ReconcileError
from reconciler.kinds.access.roles import ROLES, role_guid, role_hint
from reconciler.kinds.connection.connection import revealed
from reconciler.kinds.quota.needs import cores_needed
from reconciler.kinds.serving.endpoint_writes import clean_traffic, without_deployment, writable
from reconciler.secrets import Secret
from reconciler.spec.problems import did_you_mean

NAMES = st.sampled_from(["blue", "green", "red", "Grey"])


@st.composite
def traffic(draw: st.DrawFn) -> dict[str, int]:
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=3)))
    edges = [0, *cuts[: len(names) - 1], 100]
    return {name: edges[i + 1] - edges[i] for i, name in enumerate(names)}


@given(traffic(), NAMES)
def test_drained_traffic_is_one_that_azure_takes(table: dict[str, int], gone: str) -> None:
    rest = without_deployment(table, gone)
    assert gone.lower() not in rest
    assert sum(rest.values()) in (0, 100)
    assert set(rest) <= set(clean_traffic(table))
    assert all(share >= 0 for share in rest.values())


def test_drained_share_goes_to_the_others_in_proportion() -> None:
    assert without_deployment({"blue": 60, "green": 20, "red": 20}, "blue") == {
        "green": 50,
        "red": 50,
    }


def test_put_back_endpoint_has_nothing_that_only_azure_writes() -> None:
    body = writable(
        {
            "id": "/x",
            "systemData": {},
            "location": "eastus",
            "sku": None,
            "identity": {
                "type": "UserAssigned",
                "principalId": None,
                "userAssignedIdentities": {"/u": {"principalId": "p", "clientId": "c"}},
            },
            "properties": {"authMode": "Key", "scoringUri": "https://x", "traffic": {"blue": 100}},
        }
    )
    assert body == {
        "location": "eastus",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/u": {}}},
        "properties": {"authMode": "Key", "traffic": {"blue": 100}},
    }


@pytest.mark.parametrize("name", ROLES)
def test_role_is_found_in_any_case(name: str) -> None:
    assert role_guid(name.upper()) == ROLES[name]


def test_mistyped_role_names_the_nearest() -> None:
    assert role_guid("Storage Blob Data Reeder") == ""
    assert role_hint("Storage Blob Data Reeder") == did_you_mean("Storage Blob Data Reader", ROLES)


def needs(size: str, instances: int, nodes: int, tier: str = "dedicated") -> dict[str, int]:
    cluster = SimpleNamespace(size=size, tier=tier, max_instances=nodes)
    deployment = SimpleNamespace(instance_type=size, instance_count=instances)
    return cores_needed(SimpleNamespace(compute={"c": cluster}, deployments={"d": deployment}))


def test_cores_are_those_of_cluster_and_deployment() -> None:
    assert needs("Standard_NC24ads_A100_v4", 1, 1) == {"standardncadsa100v4family": 48}


def test_a_fifth_more_is_reserved_where_a_size_is_not_exempt() -> None:
    assert needs("Standard_DS3_v2", 1, 0) == {"standarddsv2family": 8}
    assert needs("Standard_DS3_v2", 5, 0) == {"standarddsv2family": 24}


def test_low_priority_nodes_have_a_quota_of_their_own() -> None:
    assert needs("Standard_NC24ads_A100_v4", 1, 4, "low_priority") == {
        "standardncadsa100v4family": 24
    }


def test_chat_sends_what_the_flows_tool_sends() -> None:
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    assert payload_of("Who?", history, temperature=0.0, max_tokens=64) == {
        "input_data": {
            "input_string": [*history, {"role": "user", "content": "Who?"}],
            "parameters": {
                "temperature": 0.0,
                "max_new_tokens": 64,
                "do_sample": False,
                "return_full_text": False,
            },
        }
    }


@pytest.mark.parametrize(
    "reply",
    [
        "Paris",
        {"output": "Paris"},
        {"output": ["Paris"]},
        ["Paris"],
        [{"0": " Paris\n"}],
        {"output": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "Paris"}]},
        {"choices": [{"message": {"role": "assistant", "content": "Paris"}}]},
        [{"generated_text": "Paris"}],
    ],
)
def test_answer_is_found_in_every_known_shape(reply: Any) -> None:
    assert text_of(reply) == "Paris"


@pytest.mark.parametrize("reply", [None, 1, [], {}, {"error": "no"}])
def test_answer_of_an_unknown_shape_is_an_error(reply: Any) -> None:
    with pytest.raises(ReconcileError, match="cannot be understood"):
        text_of(reply)


def test_secrets_become_text_only_in_the_body_that_is_sent() -> None:
    body = {"keys": {"key": Secret("s3cr3t"), "list": [Secret("x")]}}
    assert "s3cr3t" not in repr(body)
    assert revealed(body) == {"keys": {"key": "s3cr3t", "list": ["x"]}}
