"""The workflows, of ours and to copy, hold no trap: zizmor finds nothing, and every action is pinned."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "examples" / "github", ROOT / "deploy" / "github", ROOT / ".github")
FILES = sorted(file for folder in FOLDERS for file in folder.rglob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_zizmor_finds_nothing():
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--persona=auditor", "--no-progress", *FILES],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(FILES) == done.stderr.count("completed")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_action_of_others_is_pinned_to_a_commit(file):
    text = file.read_text(encoding="utf-8")
    used = re.findall(r"^\s*(?:- )?uses: (.*)", text, re.MULTILINE)
    assert all(PINNED.fullmatch(name) for name in used if not name.startswith("./"))
    assert "pull_request_target" not in text
