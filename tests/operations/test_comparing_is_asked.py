"""Where only secrets are left to compare, plan and question say that, and not "no changes".

"No changes. Azure matches the spec" was followed by "Apply this?": who is asked to agree to
nothing agrees to anything.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.main import main
from tests.support.serving import API, ENDPOINT, ROOT, SPEC, Azure

LEFT = "No changes seen: 9 unchanged, 1 to be compared at apply."
QUESTION = "Compare the secrets of connections.phi3-connection and write what differs?"
Answered = Callable[[str], tuple[int, str, str]]


class Terminal(io.StringIO):
    """Somebody who types an answer."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def answered(
    live: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Answered:
    """Apply the spec that is applied already, on a terminal; return exit code and output."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    shutil.copytree(ROOT / "examples" / "flows", tmp_path / "examples" / "flows")
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(Path(live.server.ca_file).parent))

    def apply(answer: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        code = main(["apply", str(spec), "--sandbox", live.server.url])
        return code, *capsys.readouterr()

    return apply


def test_what_is_agreed_to_is_the_comparison(live: Azure, answered: Answered) -> None:
    since = live.now()
    code, out, err = answered("no\n")
    assert code == 5
    assert LEFT in out
    assert "Azure matches the spec" not in out
    assert QUESTION in err
    assert live.writes(since) == []


def test_yes_to_it_writes_a_key_that_differs_and_nothing_else(
    live: Azure, answered: Answered
) -> None:
    live.arm.post(f"{ENDPOINT}/regenerateKeys", API, {"keyType": "Primary"})
    since = live.now()
    code, out, err = answered("yes\n")
    assert code == 0, out + err
    (written,) = live.writes(since)
    assert written.endswith("/connections/phi3-connection")
