"""A file that is asked for takes the place of a regular file, and of nothing else."""

import os
import stat

import pytest

from reconciler.diagnostics import ExitCode
from tests.support.azure import ROOT
from tests.support.commands import attached, in_process, reconcile


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pool):
    with pool.lent() as server:
        made = attached(tmp_path_factory.mktemp("files") / "a", server)
        text = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
        (made / "spec.yaml").write_text(text, encoding="utf-8")
        yield made


@pytest.mark.parametrize("option", ["--out", "--html", "--out-json"])
def test_a_pipe_is_left_as_it_is(folder, option):
    pipe = folder / f"pipe{option}"
    os.mkfifo(pipe)
    done = reconcile(folder, "plan", "spec.yaml", option, pipe.name)
    assert done.returncode == ExitCode.FAILED
    assert f"{pipe.name} exists and is not a regular file" in done.stderr
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert done.stdout == ""


@pytest.mark.parametrize("place", ["/dev/null", "/dev/tty", "."])
def test_a_device_is_refused_before_anything_is_asked(folder, place):
    done = in_process(folder, "plan", "spec.yaml", "--out", place)  # would sign in to Azure
    assert done.returncode == ExitCode.FAILED
    assert "is not a regular file" in done.stderr


@pytest.mark.parametrize("option", ["--out", "--html", "--out-json"])
def test_a_file_is_replaced_whole_and_for_its_user_alone(folder, option):
    file, target = folder / f"made{option}", folder / f"target{option}"
    target.write_text("mine")
    file.symlink_to(target)
    assert reconcile(folder, "plan", "spec.yaml", option, file.name).returncode == ExitCode.OK
    assert (file.is_symlink(), target.read_text()) == (False, "mine")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_document_besides_is_what_is_printed(folder):
    file = folder / "besides.json"
    done = reconcile(folder, "plan", "spec.yaml", "-o", "markdown", "--out-json", file.name)
    assert done.stdout.startswith("<!-- reconcile:")
    assert file.read_text() == reconcile(folder, "plan", "spec.yaml", "-o", "json").stdout


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_the_document_besides_is_written_of_an_invalid_spec_too(folder, form):
    (folder / "bad.yaml").write_text("name: smallest\n")
    file = folder / "bad.json"
    done = in_process(folder, "plan", "bad.yaml", "-o", form, "--out-json", file.name)
    assert done.returncode == ExitCode.INVALID_SPEC
    assert file.read_text() == in_process(folder, "plan", "bad.yaml", "-o", "json").stdout


@pytest.mark.parametrize("content", ["[]", "{}", '{"resources": 5}', "[" * 100_000, "x", "null"])
def test_what_is_no_snapshot_is_not_restored(folder, content):
    (folder / "snapshot.json").write_text(content)
    done = reconcile(folder, "sandbox", "restore", "snapshot.json")
    assert done.returncode == ExitCode.FAILED, done.stderr
    assert "snapshot.json is not a snapshot" in done.stderr
