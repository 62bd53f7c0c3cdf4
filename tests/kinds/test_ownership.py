"""A mark is ours only on the resource that it was written for, by the spec that wrote it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.types import Observed, Owner
from reconciler.kinds.ownership import OWNER_TAG, is_ours, mark, owner_of, tag_owner

VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,30}\Z")
IDS = st.from_regex(r"\A/subscriptions/[a-zA-Z0-9/.-]{1,60}\Z")


def test_a_mark_is_short_and_names_its_spec():
    """Tag values hold 256 characters; people read the name. Kept: marks in Azure outlive us."""
    assert mark("phi3", VAULT) == "v1:phi3:" + mark("phi3", VAULT)[-16:]
    assert re.fullmatch(r"v1:phi3:[0-9a-f]{16}", mark("phi3", VAULT))
    assert mark("phi3", "/a") == "v1:phi3:14b90140d3e5e245"


@given(NAMES, IDS)
def test_our_own_mark_is_ours_in_any_case_of_the_id(name, resource_id):
    assert owner_of(mark(name, resource_id), name, resource_id) == (Owner.OURS, name)
    assert owner_of(mark(name, resource_id.upper()), name, resource_id) == (Owner.OURS, name)


@given(NAMES, NAMES, IDS)
def test_the_mark_of_another_spec_is_foreign_and_names_it(name, other, resource_id):
    found = owner_of(mark(other, resource_id), name, resource_id)
    assert found == (Owner.OURS if name == other else Owner.FOREIGN, other)


def test_a_name_with_a_colon_is_told_whole():
    assert owner_of(mark("a:b", VAULT), "phi3", VAULT) == (Owner.FOREIGN, "a:b")


@given(NAMES, IDS, IDS)
def test_a_mark_on_another_resource_is_nobodys(name, resource_id, elsewhere):
    if resource_id.lower() != elsewhere.lower():
        assert owner_of(mark(name, resource_id), name, elsewhere) == (Owner.NOBODY, "")


@given(st.one_of(st.none(), st.integers(), st.text(), st.dictionaries(st.text(), st.text())))
def test_anything_else_is_nobodys(text):
    assert owner_of(text, "phi3", VAULT) == (Owner.NOBODY, "")


def test_a_mark_of_another_version_or_without_a_name_is_nobodys():
    whole = mark("phi3", VAULT)
    for text in (whole.replace("v1", "v2"), mark("", VAULT), whole[:-1], f"{whole}0", "v1:phi3"):
        assert owner_of(text, "phi3", VAULT) == (Owner.NOBODY, "")


def test_tags_are_found_in_any_case_and_in_the_properties_of_assets():
    ours = {OWNER_TAG.upper(): mark("phi3", VAULT), "team": "x"}
    assert tag_owner({"tags": ours}, "phi3", VAULT) == (Owner.OURS, "phi3")
    assert tag_owner({"properties": {"tags": ours}}, "phi3", VAULT) == (Owner.OURS, "phi3")
    assert tag_owner({"tags": {}, "properties": {"tags": ours}}, "phi3", VAULT)[0] is Owner.OURS
    for bare in ({}, {"tags": None}, {"properties": None}, {"properties": {"tags": None}}):
        assert tag_owner(bare, "phi3", VAULT) == (Owner.NOBODY, "")


def test_only_ours_may_be_deleted():
    for owner in Owner:
        assert is_ours(Observed({}, owner=owner)) is (owner is Owner.OURS)
