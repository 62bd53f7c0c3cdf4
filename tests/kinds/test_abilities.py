"""A kind has an ability by having its methods, however often it is asked."""

import pytest

from reconciler.kinds import HANDLERS
from reconciler.kinds.ability import Ability


def abilities():
    """Return every ability with the names of its methods."""
    return {a: [n for n in vars(a) if not n.startswith("_")] for a in Ability.__subclasses__()}


@pytest.mark.parametrize("ability", abilities(), ids=lambda ability: ability.__name__)
def test_whoever_has_the_methods_has_the_ability_and_nobody_else(ability):
    names = abilities()[ability]
    assert names
    for _ in range(2):
        found = {kind for kind, handler in HANDLERS.items() if isinstance(handler, ability)}
        assert found == {k for k, h in HANDLERS.items() if all(hasattr(h, n) for n in names)}
        assert found
        assert not isinstance(object(), ability)
