"""What a command imports, for that is what it costs to start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = """
import json, sys
from reconciler.cli.main import main
stdout, sys.stdout = sys.stdout, open("/dev/null", "w")
code = main(sys.argv[1:])
json.dump([int(code), sorted({m.split(".")[0] for m in sys.modules}), sorted(sys.modules)], stdout)
"""


def imported_by(*words: str, cwd: Path = ROOT) -> tuple[int, set[str], set[str]]:
    """Return the exit code, the top-level packages and all modules of one command line."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True, cwd=cwd
    )
    code, packages, modules = json.loads(done.stdout)
    return code, set(packages), set(modules)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("plan", "--help"), ("plna",)])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    _, packages, modules = imported_by(*words)
    assert not packages & {"azure", "pydantic", "rich", "ruamel", "requests", "asyncio"}
    assert "reconciler.kinds" not in modules


def test_validate_never_imports_azure() -> None:
    code, packages, _ = imported_by("validate", "specs/phi3-ultrachat.yaml")
    assert code == 0
    assert not packages & {"azure", "rich", "requests", "aiohttp", "huggingface_hub", "duckdb"}


def test_plan_never_imports_azure_ai_ml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    spec = str(ROOT / "specs" / "phi3-ultrachat.yaml")
    code, packages, modules = imported_by("plan", spec, "--sandbox", cwd=tmp_path)
    assert code == 0
    assert "azure.ai.ml" not in modules
    assert not packages & {"rich", "huggingface_hub", "duckdb", "marshmallow"}
