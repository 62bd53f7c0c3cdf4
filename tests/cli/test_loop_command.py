"""`reconcile loop`: its configuration, one pass of each spec, and what it leaves with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import loop
from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from tests.support.azure import ROOT
from tests.support.commands import attached, in_process
from tests.support.controls import Controls, Pool

CONFIG = "version: 1\nsource: {folder: source}\nspecs:\n  - {name: small, path: smallest.yaml}\n"


def prepared(folder: Path, config: str = CONFIG) -> Path:
    (folder / "source").mkdir()
    text = (ROOT / "examples" / "smallest.yaml").read_text("utf-8")
    (folder / "source" / "smallest.yaml").write_text(text, "utf-8")
    (folder / "loop.yaml").write_text(config, "utf-8")
    return folder


def test_check_says_that_a_configuration_is_valid(tmp_path: Path) -> None:
    done = in_process(prepared(tmp_path), "loop", "loop.yaml", "--check")
    assert (done.returncode, done.stdout) == (ExitCode.OK, "loop.yaml is valid: 1 spec.\n")


def test_check_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    folder = prepared(tmp_path, CONFIG.replace("folder", "foldr"))
    done = in_process(folder, "loop", "loop.yaml", "--check")
    assert done.returncode == ExitCode.INVALID_SPEC
    assert "loop.yaml:2:" in done.stderr


def test_once_tells_each_pass_as_a_line_of_json(tmp_path: Path, pool: Pool) -> None:
    with pool.lent(clock="frozen") as server:
        folder = attached(prepared(tmp_path), server)
        ends = []
        for _ in range(5):
            done = in_process(folder, "loop", "loop.yaml", "--once", "--sandbox", "-o", "json")
            assert (done.returncode, done.stderr) == (ExitCode.OK, "")
            ends.append(json.loads(done.stdout))
            Controls(server).control("POST", "clock", {"advance": 60})
        text = in_process(folder, "loop", "loop.yaml", "--once", "--sandbox").stdout
    assert [end["pending"] for end in ends] == [True, True, True, False, False]
    assert ends[-1]["writes"] == 0
    assert ends[-1]["applied"] == ends[-1]["revision"]
    assert text.endswith(": Ready: Succeeded, as the spec says (0 writes)\n")


def test_a_spec_that_is_invalid_is_told_with_its_place(tmp_path: Path, pool: Pool) -> None:
    folder = prepared(tmp_path)
    (folder / "source" / "smallest.yaml").write_text("version: 2\n", "utf-8")
    with pool.lent() as server:
        attached(folder, server)
        done = in_process(folder, "loop", "loop.yaml", "--once", "--sandbox")
    assert done.returncode == ExitCode.FAILED
    assert "smallest.yaml:1:10: error:" in done.stderr
    assert str(tmp_path) not in done.stderr


def test_a_spec_of_no_such_name_is_asked_back(tmp_path: Path, pool: Pool) -> None:
    with pool.lent() as server:
        folder = attached(prepared(tmp_path), server)
        done = in_process(folder, "loop", "loop.yaml", "--once", "--sandbox", "--spec", "smal")
    assert done.returncode == ExitCode.USAGE
    assert "did you mean `small`?" in done.stderr


def test_without_its_packages_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "NEEDED", ("cronsim", "no_such_package"))
    assert main(["loop", str(tmp_path / "loop.yaml"), "--check"]) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert "no_such_package missing" in err
    assert "pip install 'reconcile-azureml[loop]'" in err
