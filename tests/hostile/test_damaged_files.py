"""A file that was damaged anywhere is refused in words or read: never a crash, never a hang.

`RECONCILE_FUZZ=10000` tries half as many files (`make reliability`). A failure shows its seed.
"""

import pytest

from reconciler.diagnostics import ExitCode
from tests.faults.seed import SEED
from tests.hostile.files import KINDS, Tree
from tests.hostile.judged import MANY, crashed

FILES = MANY // 2
GOOD = (ExitCode.OK, ExitCode.REFUSED)
"""A plan that the policy refuses is one that was read."""
MOST_S = 10.0
"""Of processor time. Each takes hundredths; what explodes takes hours, on any machine."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory, pool):
    with pool.lent() as server:
        yield Tree(tmp_path_factory.mktemp("tree") / "a", server)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_does_no_harm(tree, name):
    share = FILES * KINDS[name].weight // sum(kind.weight for kind in KINDS.values())
    bad = {}
    for number in range(max(share, 2)):
        seed = f"{SEED} {name} {number}"
        done, spent = tree.told(name, number, seed)
        if crashed(done) or spent > MOST_S:
            bad[seed] = (done.returncode, spent, done.stderr[-300:])
    assert bad == {}


def test_a_file_that_is_not_damaged_is_good(tree):
    """Else nothing behind the first check would be tried."""
    for kind in KINDS.values():
        for words in kind.commands:
            assert tree.run(words).returncode in GOOD, words
