"""Where a difference comes from: the spec, outside of it, both, or nobody can say."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.cause import LONGEST_TAG, Origin, asked_in, cause_of, digest, with_asked
from reconciler.engine.decide import Policy, decide
from reconciler.engine.diff import ASKED_TAG, Rules
from reconciler.engine.types import Observed, Phase, Reference, Resource
from reconciler.secrets import Secret

MARK = "reconcile-owner"
RULES = Rules(write_only=frozenset({"properties.key"}), sensitive=frozenset({"properties.hidden"}))
VALUES = st.one_of(st.integers(0, 9), st.sampled_from(["a", "b", "c"]), st.booleans())
FIELDS = st.dictionaries(st.sampled_from("pqrstuvw"), VALUES, min_size=1, max_size=8)


def body(fields, rules=RULES):
    return with_asked({"tags": {MARK: "m"}, "properties": dict(fields)}, MARK, rules)


def cause(now, observed, phase=Phase.READY):
    """The cause of what a spec that asks for `now` would change of what Azure shows."""
    resource = Resource("thing.a", "thing", "/subscriptions/s/thing/a", now)
    change = decide(resource, now, Observed(observed, phase=phase), Policy(RULES))
    return cause_of(change)


def changed(shown, **fields):
    return {**shown, "properties": {**shown["properties"], **fields}}


def names(fields):
    return {item.keys[-1] for item in fields}


@given(FIELDS, FIELDS, FIELDS)
def test_each_difference_is_told_by_what_was_asked_before(before, now, others):
    """`before` was written, somebody wrote `others` over it, the spec asks for `now`."""
    found = cause(body(now), changed(body(before), **others))
    shown = {**before, **others}
    differ = {
        k for k, v in now.items() if k not in shown or (type(v), v) != (type(shown[k]), shown[k])
    }
    if found is None:
        assert not {k for k in differ if str(now[k]) != str(shown.get(k))}
        return
    outside = {k for k in names(found.outside) if k in before}
    assert names(found.outside) == outside
    assert all((type(before[k]), before[k]) == (type(now[k]), now[k]) for k in outside)
    assert all(
        (type(before.get(k)), before.get(k)) != (type(now[k]), now[k]) for k in names(found.spec)
    )
    assert not found.unknown


@given(FIELDS)
def test_what_was_asked_and_is_there_differs_in_nothing(fields):
    assert cause(body(fields), body(fields)) is None


def test_a_digest_alone_is_never_a_difference():
    old = body({"p": 1})
    assert cause(body({"p": 1}), {**old, "tags": {MARK: "m"}}) is None
    assert cause(body({"p": 1}), {**old, "tags": {MARK: "m", ASKED_TAG: "v1:0:"}}) is None


def test_both_are_told_apart_field_by_field():
    found = cause(body({"p": 2, "q": 1}), changed(body({"p": 1, "q": 1}), q=9))
    assert found.origin is Origin.BOTH
    assert (names(found.spec), names(found.outside)) == ({"p"}, {"q"})


def test_without_a_digest_nothing_is_claimed():
    for tags in ({MARK: "m"}, {ASKED_TAG: "v2:abc"}, {ASKED_TAG: "v1:"}, {ASKED_TAG: 7}):
        shown = {**changed(body({"p": 1}), p=9), "tags": tags}
        assert cause(body({"p": 1}), shown).origin is Origin.UNKNOWN


def test_nothing_is_told_of_what_azure_is_at_work_on():
    assert cause(body({"p": 1}), changed(body({"p": 1}), p=9), Phase.FAILED) is None


def test_what_another_resource_gives_is_not_laid_on_anybody():
    asked = body({"p": Reference("other", "id"), "q": 1})
    resource = Resource("thing.a", "thing", "/subscriptions/s/thing/a", asked)
    resolved = changed(asked, p="new")
    change = decide(resource, resolved, Observed(changed(asked, p="old")), Policy(RULES))
    assert cause_of(change).origin is Origin.UNKNOWN


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_no_secret_is_part_of_a_digest(one, other):
    def asked(text):
        inside = {"list": [Secret(text), "b"], "key": text, "hidden": text, "s": Secret(text)}
        return digest({"tags": {MARK: "m"}, "properties": inside}, MARK, RULES)

    assert asked(one) == asked(other)


@given(st.integers(1, 200))
def test_it_fits_a_tag_and_still_tells_drift_from_change(count):
    fields = {f"field{n}": n for n in range(count)}
    asked = body(fields)
    assert len(asked_in(asked)) <= LONGEST_TAG
    assert cause(asked, changed(asked, field0="x")).origin is Origin.OUTSIDE


def test_tags_that_only_a_create_writes_carry_none():
    assert asked_in(body({"p": 1}, Rules(create_only=frozenset({"tags"})))) == ""
