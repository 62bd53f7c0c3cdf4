"""Claims about comparing bodies, for any JSON that ARM could hold."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.diff import Rules, diff, duration_seconds, overlay, same_identity, same_value
from reconciler.engine.types import Reference, Unknown
from reconciler.secrets import Secret

KEYS = st.text("abcXYZ", min_size=1, max_size=4)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("ab/ PTS1", max_size=5))
BODIES = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=4),
    lambda inner: st.dictionaries(KEYS, inner | LEAVES | st.lists(LEAVES, max_size=3), max_size=4),
    max_leaves=12,
).map(lambda body: _one_case(body))


def _one_case(value):
    """ARM property names are case-insensitive: keep one spelling of each key."""
    if not isinstance(value, dict):
        return value
    return {k: _one_case(v) for k, v in {k.lower(): (k, v) for k, v in value.items()}.values()}


@given(BODIES)
def test_a_body_does_not_differ_from_itself(body):
    assert diff(body, body, Rules()) == ()


@given(BODIES, BODIES)
def test_what_the_spec_does_not_state_is_never_a_difference(body, server_defaults):
    shown = {**{f"server{k}": v for k, v in server_defaults.items()}, **body}
    assert diff(body, shown, Rules()) == ()


@given(BODIES, BODIES)
def test_an_overlaid_body_satisfies_what_is_desired(desired, observed):
    assert diff(desired, overlay(observed, desired), Rules()) == ()


@given(BODIES, BODIES)
def test_overlay_keeps_what_others_set(desired, observed):
    merged = {key.lower() for key in overlay(observed, desired)}
    assert merged == {key.lower() for key in observed} | {key.lower() for key in desired}


@given(BODIES, BODIES)
def test_every_difference_names_a_path_of_the_desired_body(desired, observed):
    for item in diff(desired, observed, Rules()):
        value = desired
        for key in item.keys:
            value = value[key]
        assert value == item.after


def test_absent_null_and_empty_mean_the_same():
    assert diff({"a": {"b": []}, "c": None}, {"a": None, "c": ""}, Rules()) == ()


def test_ids_and_locations_compare_in_any_case():
    desired = {"location": "westeurope", "id": "/subscriptions/S/resourceGroups/R"}
    observed = {"location": "West Europe", "id": "/subscriptions/s/resourcegroups/r"}
    assert diff(desired, observed, Rules()) == ()


def test_durations_compare_by_length():
    assert same_value("PT2M", "PT120S")
    assert not same_value("PT2M", "PT121S")
    assert duration_seconds("P1DT1H1M1.5S") == 90061.5
    assert duration_seconds("PT") is None


def test_one_is_not_true():
    assert not same_value(1, True)
    assert not same_value(True, 1)


def test_identities_compare_types_as_a_set_and_ids_without_their_values():
    observed = {
        "type": "SystemAssigned, UserAssigned",
        "userAssignedIdentities": {"/X/Y": {"principalId": "p"}},
        "principalId": "q",
    }
    desired = {"type": "UserAssigned,SystemAssigned", "userAssignedIdentities": {"/x/y": {}}}
    assert same_identity(observed, desired)
    assert not same_identity(observed, {"type": "SystemAssigned"})


def test_a_difference_below_an_immutable_path_forces_a_replace():
    rules = Rules(immutable=frozenset({"properties.a"}), labels={"properties.a.b": "size"})
    (found,) = diff({"properties": {"a": {"b": 2}}}, {"properties": {"a": {"b": 1}}}, rules)
    assert found.forces_replace
    assert (found.label, found.before, found.after) == ("size", 1, 2)


def test_unknown_and_secret_values_always_differ_and_never_show():
    reference = Reference("a.b", "key", secret=True)
    desired = {"u": Unknown(reference), "s": Secret("hunter2")}
    found = diff(desired, {"u": "x", "s": "hunter2"}, Rules())
    assert [item.path for item in found] == ["u", "s"]
    assert "hunter2" not in repr(found[1].after)
    assert found[1].sensitive
