"""Whatever happens becomes one exit code and lines on standard error, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli import validate
from reconciler.cli.main import main
from reconciler.cli.session import Session
from reconciler.diagnostics import (
    ApiError,
    DeniedError,
    Diagnostic,
    ExitCode,
    LocalError,
    PendingError,
    ReconcileError,
    RefusedError,
    UnavailableError,
)
from tests.support.commands import in_process

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReconcileError(Diagnostic("x")), 1),
        (LocalError(Diagnostic("x")), 1),
        (PendingError(Diagnostic("x")), 3),
        (DeniedError(Diagnostic("x")), 4),
        (ApiError(403, "AuthorizationFailed", Diagnostic("x")), 4),
        (RefusedError(Diagnostic("x")), 5),
        (UnavailableError(Diagnostic("x")), 75),
        (ApiError(429, "TooManyRequests", Diagnostic("x")), 75),
        (PermissionError(13, "Permission denied", "out.json"), 1),
        (ValueError("\x1b[2Jboom"), 70),
        (RecursionError(), 70),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_exit_code(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_session: Session) -> ExitCode:
        raise error

    monkeypatch.setattr(validate, "run", run)
    assert main(["validate", "x"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "\x1b" not in err


def test_an_internal_error_is_one_line_that_says_how_to_learn_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_session: Session) -> ExitCode:
        raise KeyError("boom")

    monkeypatch.setattr(validate, "run", run)
    monkeypatch.delenv("RECONCILE_DEBUG", raising=False)
    main(["validate", "x"])
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "KeyError: 'boom'" in err
    assert "RECONCILE_DEBUG=1" in err
    monkeypatch.setenv("RECONCILE_DEBUG", "1")
    main(["validate", "x"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"\x7fELF\x00\x01", "control character U+007F"),
        (b"version: 1\n---\nversion: 1\n", "a second document starts here"),
        (b"a: 1\na: 2\n", "duplicate key `a`"),
        (b"a: &x 1\nb: *x\n", "anchors and aliases"),
        (b"a: !!python/object:os.system x\n", "tags are not allowed"),
        (b"a:\n\t- b\n", "spec.yaml:2:1: error:"),
        (b"[" * 100_000, "nested deeper than"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
    ids=["empty", "binary", "two", "twice", "alias", "tag", "tab", "deep", "utf16"],
)
def test_a_hostile_file_is_one_clear_error(
    content: bytes,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "spec.yaml").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert main(["validate", "spec.yaml"]) == ExitCode.INVALID_SPEC
    out, err = capsys.readouterr()
    assert out == ""
    assert expected in err
    assert err.isprintable() or all(c.isprintable() or c == "\n" for c in err)
    assert max(map(len, err.splitlines())) < 400


@pytest.mark.parametrize(
    ("source", "expected"), [("missing.yaml", "there is no file missing.yaml"), (".", "directory")]
)
def test_what_is_no_file_is_one_line(
    source: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", source]) == ExitCode.INVALID_SPEC
    assert expected in capsys.readouterr().err


def test_an_unknown_sandbox_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(ROOT / "examples" / "smallest.yaml")
    assert main(["plan", spec, "--sandbox", "https://127.0.0.1:1"]) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert "no running sandbox is known at https://127.0.0.1:1" in err


def test_validate_says_on_stdout_that_the_spec_is_good() -> None:
    done = in_process(ROOT, "validate", "examples/smallest.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("examples/smallest.yaml is valid: ")


def test_validate_reads_standard_input() -> None:
    text = (ROOT / "examples" / "smallest.yaml").read_text()
    assert in_process(ROOT, "validate", "-", stdin=text).returncode == 0
    done = in_process(ROOT, "validate", "-", stdin=text + "\ncompte: {}\n")
    assert done.returncode == ExitCode.INVALID_SPEC
    assert "<stdin>:" in done.stderr
    assert "did you mean `compute`?" in done.stderr


def test_a_full_disk_is_an_error_and_not_a_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == ExitCode.FAILED
    assert done.stderr == "error: [Errno 28] No space left on device\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m reconciler schema | head -1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""
    assert done.returncode == 0
