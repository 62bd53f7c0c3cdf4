"""What a pull request could bring costs a second and 256 MiB at most, and is told in words.

Each is read in a process of its own, by its seed: 18 here, 300 with `RECONCILE_FUZZ=10000`
(`make reliability`). A failure shows its number and its family.
"""

import contextlib
import os
import random
import shutil

import pytest

from tests.faults.seed import SEED
from tests.hostile.child import apart
from tests.hostile.files import Tree
from tests.hostile.hostile_specs import SECRET
from tests.hostile.inputs import FAMILIES
from tests.hostile.judged import MANY, crashed
from tests.secrets.detector import find

INPUTS = 300 if MANY >= 10_000 else 18
LANES = 6
FEW_S, FEW_MIB = 1.0, 256 - 86
"""Beyond what a process takes for itself: 86 MiB."""
SLACK = 2 if MANY >= 10_000 else 6
"""Of time, on a machine that does much else; what explodes takes a hundred times as much."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory, pool):
    with pool.lent() as server:
        made = Tree(tmp_path_factory.mktemp("tree") / "a", server)
        for words in (
            ("validate", "specs/phi3-ultrachat.yaml"),
            ("validate", "examples/parquet.yaml"),
        ):
            made.run(words)  # what is imported once, is now
        yield made


@contextlib.contextmanager
def copied(tree, folder):
    """Let a tree stand in a copy of its folder, which is gone afterwards."""
    usual = tree.folder
    shutil.copytree(usual, folder, symlinks=True, ignore=shutil.ignore_patterns(".reconcile"))
    shutil.copytree(usual / ".reconcile", folder / ".reconcile", copy_function=os.link)
    tree.folder = folder
    try:
        yield folder
    finally:
        tree.folder = usual
        shutil.rmtree(folder)


def harm(tree, folder, number):
    """Return what is wrong with how an input was met, or None."""
    chance = random.Random(f"{SEED} {number}")
    with copied(tree, folder):
        words = FAMILIES[number % len(FAMILIES)](folder, chance)
        with tree.answers.replayed():
            told = apart(lambda: tree.run(words))
    wrong = {
        "it hangs": told.hangs,
        "it crashed": not told.hangs and crashed(told),
        "it tells a secret": bool(find(SECRET, told.stdout + told.stderr)),
        f"it takes {told.cpu_s:.1f} s": told.cpu_s > FEW_S * SLACK,
        f"it takes {told.mib} MiB": told.mib > FEW_MIB,
    }
    return [what for what, is_so in wrong.items() if is_so] or None


@pytest.mark.timeout(0)
@pytest.mark.parametrize("lane", range(LANES))
def test_a_hostile_input_is_told_at_once(tree, tmp_path, lane):
    first = random.Random(SEED).randrange(len(FAMILIES))
    found = {}
    for number in range(first + lane, first + INPUTS, LANES):
        if wrong := harm(tree, tmp_path / "copy", number):
            found[number, FAMILIES[number % len(FAMILIES)].__name__] = wrong
    assert found == {}
