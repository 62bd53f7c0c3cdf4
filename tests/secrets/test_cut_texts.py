"""A text that is cut loses its secrets first: half of one is found by no search afterwards.

Azure's answers hold the client secret where the product shortens them, so that the cut goes
through it. Then nobody may see even a part of it.
"""

import ast
from pathlib import Path

import pytest

from reconciler.diagnostics import UnforeseenError
from reconciler.kinds.job.runs import why
from reconciler.operations.load import load
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import context_of
from reconciler.secrets import remember
from tests.secrets.conftest import SPEC
from tests.support.azure import ROOT

PART = 8
"""So many characters in a row of a secret are a part of it, and no chance."""
PRODUCT = ROOT / "reconciler"
SHORTEST = 20
NO_TEXTS = {
    ("plan_markdown.py", "page.blocked[:MOST_PROBLEMS]"),
    ("plan_markdown.py", "warnings[:MOST_PROBLEMS]"),
    ("plan_markdown.py", "page.leftovers[:MOST_COMPARED]"),
    ("plan_markdown.py", "page.compared[:MOST_COMPARED]"),
    ("attention.py", "self.addresses[:MOST_NAMED]"),
    ("versions.py", "others[:MOST_NAMES]"),
    ("ways.py", "tuple(_others(use, own, sizes, accounts))[:MOST - 1]"),
    ("diagnostics_text.py", "items[:MAX_SHOWN]"),
    ("loop_page.py", "found[:MOST_PROBLEMS]"),
    ("loop_page.py", "commit[:SHORT_COMMIT]"),
    ("loop_plan.py", "changes[:MOST_CHANGES]"),
    ("packs.py", "memoryview(pack)[:-DIGEST_BYTES]"),
    ("packs.py", "pack[-DIGEST_BYTES:]"),
    ("packs.py", "pack[8:HEAD_BYTES]"),
}
"""Slices of lists, which look the same, and of commits."""


@pytest.fixture(scope="module")
def applied(scenario):
    done = scenario.run("apply", SPEC, "--yes", "-q")
    assert done.returncode == 0, done.stderr
    return scenario


def parts_of(secret, text):
    """Return the parts of a secret that stand in a text."""
    pieces = {secret[i : i + PART] for i in range(len(secret) - PART + 1)}
    return sorted(piece for piece in pieces if piece in text)


def answers(applied, method, path, status, body):
    rule = {"method": method, "path": path, "times": 0, "when": "before"}
    applied.azure.control("POST", "faults", {**rule, "action": {"status": status, "body": body}})


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_part_of_a_secret_is_left_where_a_containers_log_is_cut(applied, form):
    secret = applied.azure.server.client_secret
    gone = applied.run("destroy", SPEC, "--only", "deployments.blue", "--yes")
    assert gone.returncode == 0, gone.stderr
    log = f"{'x' * 500}DB={secret}{'y' * (2000 - len(secret) + 1)}"
    broken = {"error": {"code": "BadRequest", "message": "the container does not start"}}
    answers(applied, "PUT", r"/deployments/blue", 400, broken)
    answers(applied, "POST", r"/getLogs", 200, {"content": log})
    done = applied.run("apply", SPEC, "--yes", "-o", form)
    applied.azure.control("DELETE", "faults")
    shown = done.stdout + done.stderr
    assert done.returncode == 1
    assert "yyyyyyyy" in shown
    assert parts_of(secret, shown) == []


@pytest.mark.parametrize("left", range(4, 40, 6))
def test_no_part_of_a_secret_is_left_where_the_reason_of_a_run_is_cut(applied, left):
    secret = applied.azure.server.client_secret
    remember(secret)  # as whoever signed in has
    loaded = load(str(ROOT / SPEC))
    job = loaded.resources["jobs.finetune"].resource_id
    workspace, _, name = job.partition("/jobs/")
    told = {"error": {"error": {"code": "UserError", "message": f"{'m' * (600 - left)}{secret}"}}}
    answers(applied, "GET", r"/runs/[^/]+/details", 200, told)
    connection = applied.azure.connection(loaded)
    world = context_of(loaded, connection, None, lambda _: None, NullProgress())
    reason = why(world, workspace, name)
    applied.azure.control("DELETE", "faults")
    assert "mmmmmmmm" in reason
    assert parts_of(secret[:left], reason) == []


@pytest.mark.parametrize("before", range(230, 300, 8))
def test_no_part_of_a_secret_is_left_where_an_unforeseen_error_is_cut(before):
    secret = "q8Zx!Vb7Lm2_Kd9Rt4Wp6Ns1Yc3Hf5Gj0"
    remember(secret)
    error = UnforeseenError.of(ValueError("e" * before + secret))
    assert parts_of(secret, error.diagnostics[0].detail) == []


def bare_slices(file: Path):
    """Yield each slice of a file that may cut a text: to a number or to a limit by name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)):
            continue
        ends = [node.slice.upper, node.slice.lower]
        if any(cuts(end) for end in ends) and "hexdigest" not in ast.unparse(node):
            yield ast.unparse(node)


def cuts(end):
    """Whether the end of a slice is a length of text."""
    if isinstance(end, ast.UnaryOp | ast.BinOp):
        return cuts(end.operand if isinstance(end, ast.UnaryOp) else end.left)
    if isinstance(end, ast.Constant):
        return isinstance(end.value, int) and abs(end.value) >= SHORTEST
    return isinstance(end, ast.Name) and end.id.strip("_").isupper()


def test_a_text_is_cut_by_the_function_that_scrubs_it_first_and_nowhere_else():
    files = [f for f in PRODUCT.rglob("*.py") if "sandbox" not in f.parts]
    assert len(files) > 100
    found = {(f.name, text) for f in files for text in bare_slices(f) if f.name != "secrets.py"}
    assert found - NO_TEXTS == set()
