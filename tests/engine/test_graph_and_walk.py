"""Claims about order, cycles and failure, for any graph."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import SpecError
from reconciler.engine.graph import edges, ordered, reverse, with_dependencies
from reconciler.engine.types import Action, Outcome, Reference, Resource, Status
from reconciler.engine.walk import walk
from reconciler.reasons import Interrupted


@st.composite
def graphs(draw):
    """A random acyclic graph: each node may depend on earlier ones."""
    size = draw(st.integers(1, 12))
    names = [f"n{i}" for i in range(size)]
    return {
        name: frozenset(draw(st.sets(st.sampled_from(names[:i]))) if i else ())
        for i, name in enumerate(names)
    }


@given(graphs())
def test_dependencies_come_first(graph):
    order = ordered(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(b) < order.index(a) for a in graph for b in graph[a])


@given(graphs())
def test_reversing_twice_changes_nothing(graph):
    assert reverse(reverse(graph)) == graph


def test_references_and_stated_dependencies_make_edges():
    first = Resource("a", "k", "/a", {})
    second = Resource("b", "k", "/b", {"x": [{"y": Reference("a")}]})
    third = Resource("c", "k", "/c", {}, depends_on=frozenset({"b", "outside"}))
    assert edges([first, second, third]) == {
        "a": frozenset(),
        "b": frozenset({"a"}),
        "c": frozenset({"b"}),
    }


def test_a_cycle_names_every_address_in_it():
    with pytest.raises(SpecError, match=r"a -> b -> a|b -> a -> b"):
        ordered({"a": frozenset({"b"}), "b": frozenset({"a"})})


def test_dependencies_are_followed_to_the_end():
    graph = {"a": frozenset(), "b": frozenset({"a"}), "c": frozenset({"b"}), "d": frozenset()}
    assert with_dependencies(graph, ["c"]) == {"a", "b", "c"}


def done(address):
    return Outcome(address, Action.CREATE, Status.DONE)


@given(graphs(), st.data())
def test_a_failure_skips_exactly_its_dependants(graph, data):
    broken = data.draw(st.sampled_from(sorted(graph)))

    def visit(address):
        status = Status.FAILED if address == broken else Status.DONE
        return Outcome(address, Action.CREATE, status)

    outcomes = walk(graph, visit, parallelism=4)
    for address, outcome in outcomes.items():
        after = broken in with_dependencies(graph, [address]) and address != broken
        assert (outcome.status is Status.SKIPPED) == after
        assert outcome.because_of == (broken if after else "")
        assert outcome.address == address
        assert outcome.action is (Action.NO_OP if after else Action.CREATE)


@given(graphs())
def test_no_node_starts_before_its_dependencies_are_done(graph):
    finished, lock = [], threading.Lock()

    def visit(address):
        with lock:
            assert all(b in finished for b in graph[address])
            finished.append(address)
        return done(address)

    walk(graph, visit, parallelism=3)
    assert sorted(finished) == sorted(graph)


def test_nothing_new_starts_once_told_to_stop():
    graph = {"a": frozenset(), "b": frozenset({"a"})}
    stopped = threading.Event()

    def visit(address):
        stopped.set()
        return done(address)

    outcomes = walk(graph, visit, parallelism=2, stopping=stopped.is_set)
    assert outcomes["a"].status is Status.DONE
    assert outcomes["b"] == Outcome("b", Action.NO_OP, Status.SKIPPED, reason=Interrupted())


@pytest.mark.parametrize("parallelism", [0, 1, 2])
def test_no_more_run_at_a_time_than_asked_and_at_least_one(parallelism):
    graph = dict.fromkeys("abcd", frozenset())
    asked, threads, all_ready = [], set(), threading.Event()

    def stopping():
        asked.append(1)
        if len(asked) == len(graph):
            all_ready.set()
        return False

    def visit(address):
        threads.add(threading.get_ident())
        assert all_ready.wait(10)
        return done(address)

    assert sorted(walk(graph, visit, parallelism=parallelism, stopping=stopping)) == sorted(graph)
    assert len(threads) == max(1, parallelism)


def test_a_node_starts_while_another_still_runs_that_it_does_not_need():
    graph = {"a": frozenset(), "slow": frozenset(), "after a": frozenset({"a"})}
    started = threading.Event()

    def visit(address):
        if address == "after a":
            started.set()
        in_time = address != "slow" or started.wait(10)
        return Outcome(address, Action.CREATE, Status.DONE if in_time else Status.FAILED)

    outcomes = walk(graph, visit, parallelism=2)
    assert {o.status for o in outcomes.values()} == {Status.DONE}


def test_what_waits_for_something_that_was_not_begun_was_stopped_too():
    """Nothing failed, so nothing is named as what did."""
    graph = {"a": frozenset(), "b": frozenset("a"), "c": frozenset("b"), "d": frozenset("c")}
    stopped = threading.Event()

    def visit(address):
        stopped.set()
        return Outcome(address, Action.CREATE, Status.DONE)

    outcomes = walk(graph, visit, parallelism=1, stopping=stopped.is_set)
    assert [outcomes[a].status for a in "abcd"] == [Status.DONE, *[Status.SKIPPED] * 3]
    assert {(outcomes[a].because_of, outcomes[a].reason) for a in "bcd"} == {("", Interrupted())}


def test_a_failure_is_the_cause_although_the_run_was_stopped_as_well():
    """`c` waits for `a`, which was not begun, and for `b`, which failed."""
    graph = {"b": frozenset(), "a": frozenset("x"), "x": frozenset(), "c": frozenset("ab")}
    stopped = threading.Event()

    def visit(address):
        stopped.set()
        return Outcome(address, Action.CREATE, Status.FAILED if address == "b" else Status.DONE)

    outcomes = walk(graph, visit, parallelism=2, stopping=stopped.is_set)
    assert (outcomes["a"].because_of, outcomes["a"].reason) == ("", Interrupted())
    assert outcomes["c"].because_of == "b"
