"""No path of a spec, and no link beside it, makes us open a file outside of its folder.

A process of its own validates the specs, with an audit hook; the kernel (inotify) watches the
folder outside, so that libraries which open by themselves are heard, too.
"""

import contextlib
import os
import re
import shutil
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.kinds.local.folder import read_folder
from reconciler.limits import FLOW_ENTRIES
from tests.faults.inotify import opens
from tests.faults.opened import watched
from tests.faults.scenes import ROOT

ROW = '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}\n'
SPEC = (ROOT / "examples/bring-your-own-data.yaml").read_text(encoding="utf-8")
FLOW = """
hub: {{name: my-hub}}
project: {{name: my-project, hub_id: "${{{{ hub }}}}"}}
flows:
  chat: {{type: chat, path: {path}}}
"""
DATA = {
    "traversal": "../outside/secret.jsonl",
    "traversal from below": "data/../../outside/secret.jsonl",
    "absolute": "{outside}/secret.jsonl",
    "of the system": "/etc/passwd",
    "the environment": "/proc/self/environ",
    "home": "~/secret.jsonl",
    "NUL": "data/a.jsonl\\0.jsonl",
    "unicode dots": "\\u2024\\u2024/outside/secret.jsonl",
    "a two dot leader": "\\u2025/outside/secret.jsonl",
    "percent dots": "%2e%2e/outside/secret.jsonl",
    "backslashes": "..\\\\outside\\\\secret.jsonl",
    "UNC": "//localhost{outside}/secret.jsonl",
    "a link out": "out.jsonl",
    "a link to a link out": "twice.jsonl",
    "a link to Parquet outside": "out.parquet",
    "below a link out": "up/secret.jsonl",
    "a link to itself": "loop.jsonl",
    "links in a circle": "one.jsonl",
    "a pipe": "pipe.jsonl",
    "a link to zeros": "zero.jsonl",
    "a link to the environment": "environ.jsonl",
    "a folder": "folder.jsonl",
}
FLOWS = {
    "absolute": "{outside}",
    "too far up": "../../outside",
    "above the top": "../../../../../../../../../../etc",
    "of the system": "/etc",
    "home": "~",
    "unicode dots": "\\u2024\\u2024/outside",
    "a link out": "up",
    "a folder with a link out": "leaky",
    "a folder with a linked folder": "leaky2",
    "a folder with a pipe": "piped",
    "a folder with a device": "zeros",
    "a folder with a loop": "looped",
}


WHY = re.compile(
    "is outside|to a place outside|is absolute|cannot be read|not a regular file|contains a NUL|control character"
    "|there is no folder|is a broken link"
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """`outside` with secrets, and a repository with a spec's folder full of traps."""
    top = tmp_path_factory.mktemp("tree")
    outside, inside = top / "outside", top / "repository" / "specs"
    for name in ("data", "flow", "nested"):
        (outside / name).mkdir(parents=True)
    for name in ("secret.jsonl", "a.jsonl", "data/a.jsonl", "secret.parquet", "flow.dag.yaml"):
        (outside / name).write_text(ROW * 10)
    (outside / "flow" / "flow.dag.yaml").write_text("inputs: {}\n")
    (outside / "nested" / "x.py").write_text("")
    (top / "repository" / ".git").mkdir(parents=True)
    (inside / "data").mkdir(parents=True)
    (inside / "data" / "a.jsonl").write_text(ROW * 10)
    (inside / "folder.jsonl").mkdir()
    os.mkfifo(inside / "pipe.jsonl")
    links = {
        "out.jsonl": "../../outside/secret.jsonl",
        "twice.jsonl": "out.jsonl",
        "out.parquet": "../../outside/secret.parquet",
        "up": "../../outside",
        "loop.jsonl": "loop.jsonl",
        "one.jsonl": "two.jsonl",
        "two.jsonl": "one.jsonl",
        "zero.jsonl": "/dev/zero",
        "environ.jsonl": "/proc/self/environ",
        "leaky/a.py": "../../../outside/secret.jsonl",
        "leaky2/more": "../../../outside",
        "zeros/z": "/dev/zero",
        "looped/l": "l",
    }
    for name, target in links.items():
        (inside / name).parent.mkdir(exist_ok=True)
        (inside / name).symlink_to(target)
    (inside / "piped").mkdir()
    os.mkfifo(inside / "piped" / "p")
    return top


def spec_of(tree, name, *, data="data/a.jsonl", flow=""):
    """Write a spec that names a data file, or a flow, and return it."""
    file = tree / "repository" / "specs" / f"{name}.yaml"
    text = SPEC.replace("path: data/support-chats.jsonl", f'path: "{data}"')
    assert data in text
    if flow:
        text = text.partition("\nendpoints:")[0] + FLOW.format(path=f'"{flow}"')
    file.write_text(text, encoding="utf-8")
    return file


def validated(tree, specs, swapped=""):
    """Validate specs in one watched process; return results and what was opened outside."""
    home = {"HOME": str(tree / "outside"), "RECONCILE_CACHE": str(tree / "cache")}
    with contextlib.ExitStack() as stack:
        folders = ("", "data", "flow", "nested")
        ears = [stack.enter_context(opens(tree / "outside" / name)) for name in folders]
        folder = tree / "repository" / "specs"
        results = watched([str(spec) for spec in specs], swapped, folder, home)
        return results, [name for heard in ears for name in heard()]


def forbidden(path):
    """Whether a path that Python opened is one of those that the specs lead to."""
    return path.endswith(("secret.jsonl", "secret.parquet")) or path in (
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
    )


def test_the_watch_hears_what_is_opened(tree):
    with opens(tree / "outside") as heard:
        (tree / "outside" / "secret.jsonl").read_text()
        assert "secret.jsonl" in heard()


def test_the_tree_itself_is_good(tree):
    shutil.copytree(ROOT / "examples/flows/phi3-chat", tree / "repository" / "chat")
    specs = [spec_of(tree, "good"), spec_of(tree, "good-flow", flow="../chat")]
    results, _ = validated(tree, specs)
    assert [r["code"] for r in results] == [ExitCode.OK, ExitCode.OK], results
    assert any(path.endswith("a.jsonl") for path in results[0]["opened"])


@pytest.mark.parametrize("what", ["data", "flow"])
def test_nothing_outside_is_opened(tree, what):
    cases = DATA if what == "data" else FLOWS
    outside = str(tree / "outside")
    paths = [text.replace("{outside}", outside) for text in cases.values()]
    specs = [spec_of(tree, f"{what}-{n}", **{what: path}) for n, path in enumerate(paths)]
    results, names = validated(tree, specs)
    assert names == []
    for name, result in zip(cases, results, strict=True):
        assert result["code"] == ExitCode.INVALID_SPEC, (name, result["said"])
        assert not [p for p in result["opened"] if forbidden(p)], name
        assert "/repository/specs/" in result["said"], name
        assert WHY.search(result["said"]), (name, result["said"])
        assert "Traceback" not in result["said"]
        assert "internal error" not in result["said"]


@pytest.mark.parametrize("swapped", ["data", "a.jsonl"])
def test_a_data_file_that_is_swapped_after_the_check_is_not_read(tree, swapped):
    assert "cannot be read" in refused_after_swap(tree, swapped)


@pytest.mark.parametrize("swapped", ["flow", "nested", "flow.dag.yaml"])
def test_a_flow_that_is_swapped_after_the_check_is_not_read(tree, swapped):
    folder = tree / "repository" / "specs" / "flow"
    (folder / "nested").mkdir(parents=True, exist_ok=True)
    (folder / "flow.dag.yaml").write_text("inputs: {}\n")
    (folder / "nested" / "x.py").write_text("")
    refused_after_swap(tree, swapped, flow="flow")


def refused_after_swap(tree, swapped, **stated):
    """Validate a spec while a path of it is swapped; it must be refused. Return what is said."""
    spec = spec_of(tree, f"swap-{swapped}", **stated)
    try:
        results, names = validated(tree, [spec], swapped)
    finally:
        put_back(tree / "repository" / "specs")
    assert names == []
    assert results[0]["code"] == ExitCode.INVALID_SPEC, results[0]["said"]
    return results[0]["said"]


def put_back(folder):
    """Undo a swap. Fails when there was none: the moment was missed."""
    (aside,) = folder.rglob("*.aside")
    place = aside.with_suffix("")
    assert place.is_symlink()
    place.unlink()
    aside.rename(place)


def test_a_hard_link_is_a_file_of_the_folder(tree):
    """Nothing tells it from one: who may make it may as well copy. git stores none."""
    place = tree / "repository" / "specs" / "hard.jsonl"
    place.unlink(missing_ok=True)
    place.hardlink_to(tree / "outside" / "a.jsonl")
    spec = spec_of(tree, "hard", data="hard.jsonl")
    results, names = validated(tree, [spec])
    assert results[0]["code"] == ExitCode.OK, results[0]["said"]
    assert names == []


def test_of_very_many_files_no_more_are_looked_at_than_may_be(tmp_path, monkeypatch):
    for n in range(2 * FLOW_ENTRIES):
        os.mknod(tmp_path / f"f{n}")
    looked_at = []
    monkeypatch.setattr(os, "scandir", counted(os.scandir, looked_at))
    found = read_folder(tmp_path, "flow")
    assert len(looked_at) == FLOW_ENTRIES + 1
    assert [p.summary for p in found.problems] == [
        "the flow in flow has more than 2000 files and folders"
    ]
    assert found.files == {}


def counted(scandir, looked_at):
    """Return `os.scandir`, keeping the name of every entry that is asked for."""

    @contextlib.contextmanager
    def scan(place):
        with scandir(place) as entries:
            yield (looked_at.append(entry.name) or entry for entry in entries)

    return scan


def test_a_tree_without_files_and_one_without_end_are_refused_at_once(tmp_path):
    wide, deep = tmp_path / "wide", tmp_path / "deep"
    for n in range(60):
        for m in range(50):
            (wide / str(n) / str(m)).mkdir(parents=True)
    (deep / Path(*["d"] * 100)).mkdir(parents=True)
    for folder in (wide, deep):
        assert "has more than" in read_folder(folder, "flow").problems[0].summary
