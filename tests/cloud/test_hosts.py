"""A token goes to the hosts it was made for, and nowhere else, whoever names the address."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from reconciler.cloud.endpoints import Cloud
from reconciler.diagnostics import DeniedError
from tests.cloud.conftest import GROUP, VAULT, Reply

API = "2023-07-01"
PUBLIC = Cloud()


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com/subscriptions",
        "https://management.azure.com:443/subscriptions",
        "https://eastus.api.azureml.ms/flow/api",
        "https://MANAGEMENT.azure.com/x",
    ],
)
def test_arms_own_hosts_get_its_token(url):
    assert PUBLIC.may_receive_token(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://management.azure.com/",
        "https://management.azure.com.evil.example/",
        "https://management.azure.com@evil.example/",
        "https://evil.example/?x=management.azure.com",
        "https://evil.example#management.azure.com",
        "https://evilapi.azureml.ms/",
        "https://anyone.blob.core.windows.net/container",
        "//management.azure.com/",
        "https://evil.example\\.api.azureml.ms/x",
        "https://evil.example:443\\.api.azureml.ms/x",
        "https://evil@eastus.api.azureml.ms/x",
        "https://management.azure.com:8443/",
        "https://management.azure.com:443.evil.example/",
        "",
    ],
)
def test_no_other_host_gets_arms_token(url):
    assert not PUBLIC.may_receive_token(url)


def test_a_storage_account_gets_no_token_of_arm_and_arm_none_of_storage():
    blob = "https://mine.blob.core.windows.net/"
    assert PUBLIC.may_store(blob)
    assert not PUBLIC.may_receive_token(blob)
    assert not PUBLIC.may_store("https://management.azure.com/")


@pytest.mark.parametrize(
    "url",
    [
        "https://mine.vault.azure.net/secrets/key",
        "https://MINE.vault.azure.net:443/secrets/key",
        PUBLIC.vault_url("mine"),
    ],
)
def test_a_vault_gets_the_token_for_vaults_and_no_other(url):
    assert PUBLIC.is_vault(url)
    assert not PUBLIC.may_receive_token(url)
    assert not PUBLIC.may_store(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://mine.vault.azure.net/secrets/key",
        "https://mine.vault.azure.net.evil.example/secrets/key",
        "https://mine.vault.azure.net@evil.example/secrets/key",
        "https://evil.example/?x=mine.vault.azure.net",
        "https://evil.example\\.vault.azure.net/secrets/key",
        "https://evilvault.azure.net/secrets/key",
        "https://mine.vault.azure.cn/secrets/key",
        "https://mine.vault.usgovcloudapi.net/secrets/key",
        "https://management.azure.com/secrets/key",
        "https://mine.vault.azure.net:8443/secrets/key",
        "",
    ],
)
def test_no_other_host_gets_the_token_for_vaults(url):
    assert not PUBLIC.is_vault(url)


@given(st.from_regex(r"[a-z0-9.@:\\-]{0,40}", fullmatch=True))
def test_whatever_stands_before_another_domain_is_that_domain(text):
    assert not PUBLIC.may_receive_token(f"https://{text}.evil.example/")


def test_the_token_for_vaults_is_refused_to_another_host(azure, elsewhere, connect):
    client = connect().vaults
    for url in (f"{elsewhere.url}/_vault/mine/secrets/key", f"{azure.url}/subscriptions"):
        with pytest.raises(DeniedError, match="refused to send a token"):
            client.send("GET", url, API)
    assert elsewhere.seen == []


def test_the_next_page_is_not_fetched_from_another_host(azure, elsewhere, connect):
    page = {"value": [{"id": VAULT}], "nextLink": f"{elsewhere.url}{GROUP}/next"}
    azure.answers(Reply(body=page))
    with pytest.raises(DeniedError, match="refused to send a token"):
        connect().arm.list(f"{GROUP}/resources", API)
    assert elsewhere.seen == []


def test_a_list_of_an_sdk_client_does_not_leave_its_host_either(azure, elsewhere, connect):
    page = {"value": [{"id": GROUP, "name": "rg"}], "nextLink": f"{elsewhere.url}/next"}
    azure.answers(Reply(body=page))
    with pytest.raises(DeniedError, match="refused to send a token"):
        list(connect().resources.resource_groups.list())
    assert elsewhere.seen == []


def test_a_poller_of_an_sdk_client_does_not_leave_its_host_either(azure, elsewhere, connect):
    azure.answers(Reply(202, {"Location": f"{elsewhere.url}/operations/1"}))
    with pytest.raises(DeniedError, match="refused to send a token"):
        connect().resources.resource_groups.begin_delete("rg").result()
    assert elsewhere.seen == []


def test_a_storage_client_speaks_to_its_own_account_only(azure, elsewhere, connect):
    container = connect().container(f"{azure.url}/account", "container")
    container._client._config.url = f"{elsewhere.url}/account/container"
    azure.answers(Reply(200))
    with pytest.raises(DeniedError, match="refused to send a token"):
        container.get_container_properties()
    assert elsewhere.seen == []


@given(st.text(alphabet="evil.com@:\\/?#%\t\n [];&=0", max_size=20))
def test_what_we_allow_is_where_the_request_goes(text):
    for url in (f"https://{text}.api.azureml.ms/x", f"https://management.azure.com{text}"):
        if not PUBLIC.may_receive_token(url):
            continue
        try:
            host = parse_url(requests.Request("GET", url).prepare().url).host
        except requests.RequestException:
            continue  # what cannot be sent leaks nothing
        assert host == "management.azure.com" or host.endswith(".api.azureml.ms")
