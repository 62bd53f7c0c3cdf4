"""Claims about order, cycles and failure, for any graph."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import SpecError
from reconciler.engine.graph import critical_path, edges, ordered, reverse, with_dependencies
from reconciler.engine.types import Action, Outcome, Reference, Resource, Status
from reconciler.engine.walk import walk


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


def test_the_critical_path_is_the_longest_chain():
    graph = {"a": frozenset(), "b": frozenset({"a"}), "c": frozenset({"a"})}
    assert critical_path(graph, {"a": 1, "b": 5, "c": 2}) == (6, ["a", "b"])


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
    assert outcomes["b"].status is Status.SKIPPED
