"""Every limit of a spec and of a flow's folder: what is just under it is read, just over is told."""

import os

import pytest

from reconciler import limits
from reconciler.diagnostics import SpecError
from reconciler.kinds.local.folder import read_folder
from reconciler.spec.document import load

HEAD = "version: 1\n"


def deep(levels):
    """Return a spec whose innermost value lies so many levels below its top."""
    return f"{HEAD}a: {'[' * (levels - 1)}1{']' * (levels - 1)}\n"


SPECS = {
    "bytes": (
        lambda over: (HEAD + ("#" * 1023 + "\n") * 1023).ljust(limits.SPEC_BYTES + over, "#"),
        "larger than 1 MiB",
    ),
    "lines": (
        lambda over: HEAD + "\n" * (limits.SPEC_LINES - 2 + over),
        "more than 20000 lines",
    ),
    "line": (
        lambda over: HEAD + "#" * (limits.SPEC_LINE + over),
        "a line of more than 30000 characters",
    ),
    "levels": (lambda over: deep(limits.SPEC_DEPTH + over), "nested deeper than 64 levels"),
    "values": (
        lambda over: f"{HEAD}a: [{'1, ' * (limits.SPEC_VALUES - 4 + over)}1]\n",
        "more than 10000 values",
    ),
    "digits": (
        lambda over: f"{HEAD}a: {'9' * (limits.SPEC_DIGITS + over)}\n",
        "more than 18 digits",
    ),
}


@pytest.mark.parametrize("limit", SPECS)
def test_a_spec_is_read_up_to_each_limit_and_refused_beyond_it(tmp_path, limit):
    text, told = SPECS[limit]
    spec = tmp_path / "spec.yaml"
    spec.write_text(text(0))
    assert load(str(spec)).data["version"] == 1
    spec.write_text(text(1))
    with pytest.raises(SpecError) as refused:
        load(str(spec))
    assert told in refused.value.diagnostics[0].summary


def files(folder, over):
    for number in range(limits.FLOW_FILES + over):
        (folder / str(number)).touch()


def names(folder, over):
    (folder / ".amlignore").write_text("a*\n")
    for number in range(limits.FLOW_ENTRIES - 1 + over):
        os.mknod(folder / f"a{number}")


def levels(folder, over):
    folder.joinpath(*"d" * (limits.FLOW_DEPTH - 1 + over)).mkdir(parents=True)
    folder.joinpath(*"d" * (limits.FLOW_DEPTH - 1 + over), "file").touch()


def size(folder, over):
    with (folder / "file").open("wb") as file:
        file.truncate(limits.FLOW_BYTES + over)


FLOWS = {
    "more than 200 files": files,
    "more than 2000 files and folders": names,
    "more than 32 folders in each other": levels,
    "more than 10 MiB": size,
}


@pytest.mark.parametrize("told", FLOWS)
def test_a_flow_is_read_up_to_each_limit_and_refused_beyond_it(tmp_path, told):
    for over in (0, 1):
        folder = tmp_path / str(over)
        folder.mkdir()
        FLOWS[told](folder, over)
        problems = [problem.summary for problem in read_folder(folder, "flow").problems]
        assert problems == [f"the flow in flow has {told}"][:over]
