"""In which order resources are read: what each depends on first, and no kind before all others."""

from __future__ import annotations

import pytest

from benchmarks.generated import spec_text
from reconciler.operations.load import Loaded, load, load_document
from reconciler.operations.refresh import in_turns
from reconciler.spec.document import parse
from tests.support.azure import ROOT

EXAMPLES = sorted(
    file.relative_to(ROOT).as_posix()
    for file in (*ROOT.glob("examples/*.yaml"), *ROOT.glob("specs/*.yaml"))
)


def generated(size: int) -> Loaded:
    return load_document(parse(spec_text(size), "spec.yaml", ROOT))


@pytest.mark.parametrize("source", [20, 100, *EXAMPLES], ids=str)
def test_each_resource_comes_once_and_after_all_that_it_depends_on(source: int | str) -> None:
    loaded = generated(source) if isinstance(source, int) else load(str(ROOT / source))
    firsts, rest = in_turns(loaded, list(loaded.resources))
    order = [*firsts, *rest]
    assert sorted(order) == sorted(loaded.resources)
    place = {address: number for number, address in enumerate(order)}
    for address in order:
        assert all(place[before] < place[address] for before in loaded.graph[address])


def test_every_kind_has_its_first_turn_before_most_of_a_large_one() -> None:
    loaded = generated(500)
    firsts, rest = in_turns(loaded, list(loaded.resources))
    kinds = {resource.kind for resource in loaded.resources.values()}
    assert {loaded.resources[address].kind for address in firsts} == kinds
    assert len(firsts) < 2 * len(kinds)
    assert len(rest) == 500 - len(firsts)


def test_a_part_of_a_spec_is_ordered_by_itself() -> None:
    loaded = generated(20)
    part = [address for address in loaded.resources if address.startswith("compute.")]
    firsts, rest = in_turns(loaded, part)
    assert sorted([*firsts, *rest]) == sorted(part)
