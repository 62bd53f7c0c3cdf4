"""A list is read whole, or it is a failed read."""

from __future__ import annotations

import pytest

from reconciler.cloud import listing
from reconciler.diagnostics import ApiError, DeniedError
from reconciler.limits import LIST_PAGES_WITHOUT_NEWS
from tests.cloud.conftest import GROUP, Reply, arm_error

API = "2025-04-01"
LIST = f"{GROUP}/resources"


def page(*names, link=None):
    items = [{"id": f"{GROUP}/providers/X/y/{name}", "name": name} for name in names]
    return Reply(200, {}, {"value": items, **({"nextLink": link} if link else {})})


def names(items):
    return [item["name"] for item in items]


def test_every_page_is_read_and_what_is_met_twice_is_there_once(azure, connect):
    following = f"{azure.url}/page2"
    azure.answers(page("a", "b", link=following), page("B", "c"))
    assert names(connect().arm.list(LIST, API)) == ["a", "b", "c"]


def test_items_without_an_id_are_told_apart_by_all_that_they_say(azure, connect):
    flows = [{"flowId": "1"}, {"flowId": "2"}, {"flowId": "1"}]
    azure.answers(Reply(200, {}, {"value": flows}))
    assert connect().arm.list(LIST, API) == flows[:2]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"value": None},
        {"value": {"id": "x"}},
        {"value": ["x"]},
        {"error": {"code": "Odd"}},
    ],
)
@pytest.mark.parametrize("second", [False, True], ids=["first page", "second page"])
def test_a_page_that_is_no_list_is_a_failed_read(azure, connect, broken, second):
    first = [page("a", link=f"{azure.url}/page2")] if second else []
    azure.answers(*first, Reply(200, {}, broken))
    with pytest.raises(ApiError, match="cannot be read whole: Azure's answer is not a list"):
        connect().arm.list(LIST, API)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_second_page_that_fails_is_a_failed_read(azure, connect, status):
    refused = Reply(status, {}, arm_error("InvalidSkipToken"))
    azure.answers(page("a", link=f"{azure.url}/page2"), refused)
    with pytest.raises(ApiError, match="cannot be read whole: told so") as caught:
        connect().arm.list(LIST, API)
    assert caught.value.status == status


@pytest.mark.parametrize("link", ["page2", "http://127.0.0.1/page2", 5, ["x"]])
def test_a_link_that_is_no_address_is_a_failed_read(azure, connect, link):
    azure.answers(page("a", link=link))
    with pytest.raises(ApiError, match="leads nowhere"):
        connect().arm.list(LIST, API)


def test_a_link_to_a_foreign_host_is_not_followed(azure, elsewhere, connect):
    azure.answers(page("a", link=f"{elsewhere.url}/page2"))
    with pytest.raises(DeniedError):
        connect().arm.list(LIST, API)
    assert elsewhere.seen == []


def test_pages_that_lead_in_a_circle_are_a_failed_read(azure, connect):
    link = f"{azure.url}/page2"
    azure.answers(page("a", link=link), page("b", link=link))
    with pytest.raises(ApiError, match="leads nowhere"):
        connect().arm.list(LIST, API)
    assert azure.methods == ["GET", "GET"]


def endless(azure, pages, name):
    """Return the pages of a list, each with a link to one that was not named before."""
    return [page(name(n), link=f"{azure.url}/page{n}") for n in range(pages)]


@pytest.mark.parametrize("idle", [LIST_PAGES_WITHOUT_NEWS, LIST_PAGES_WITHOUT_NEWS + 1])
def test_pages_without_end_that_show_nothing_new_are_a_failed_read(azure, connect, idle):
    azure.answers(*endless(azure, idle + 1, lambda _: "a"), page("b"))
    arm = connect().arm
    if idle == LIST_PAGES_WITHOUT_NEWS:
        assert names(arm.list(LIST, API)) == ["a", "b"]
        return
    with pytest.raises(ApiError, match="more than 25 pages in a row show nothing new"):
        arm.list(LIST, API)
    assert len(azure.methods) == idle + 1


@pytest.mark.parametrize("pages", [9, 10])
def test_a_list_has_so_many_pages_and_no_more(azure, connect, pages, monkeypatch):
    monkeypatch.setattr(listing, "LIST_PAGES", 10)
    azure.answers(*endless(azure, pages, str), page("last"))
    arm = connect().arm
    if pages == 9:
        assert len(arm.list(LIST, API)) == 10
        return
    with pytest.raises(ApiError, match="it has more than 10 pages"):
        arm.list(LIST, API)
    assert len(azure.methods) == 10


def test_only_a_list_whose_parent_may_be_missing_is_empty_for_a_404(azure, connect):
    azure.answers(Reply(404, {}, arm_error("ResourceGroupNotFound")))
    arm = connect().arm
    assert arm.list(LIST, API) == []
    with pytest.raises(ApiError):
        arm.list(LIST, API, parent_exists=True)
