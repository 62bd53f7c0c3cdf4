"""Every request body of a full apply fits Microsoft's published resource types."""

import json
import subprocess
import sys

import pytest

from tests.contract.conftest import ROOT, edited

CHECKER = ROOT.parent / "shared" / "tools" / "check_traffic.py"


@pytest.mark.skipif(not CHECKER.is_file(), reason="the published types (../shared) are not here")
def test_every_request_body_of_a_full_apply_fits_the_published_types(azure, tmp_path):
    loaded = edited(tmp_path, "specs/phi3-ultrachat.yaml")
    _, problems = azure.apply(loaded)
    assert problems == []
    changed = edited(
        tmp_path,
        "specs/phi3-ultrachat.yaml",
        ("idle_time_before_scale_down: 120", "idle_time_before_scale_down: 300"),
        ("team: ml-platform", "team: platform"),
        ("instance_count: 1", "instance_count: 2"),
        ("cores: 48", "cores: 96"),
    )
    _, problems = azure.apply(changed)
    assert problems == []
    journal = tmp_path / "journal.jsonl"
    entries = azure.journal()
    journal.write_text("".join(json.dumps(e) + "\n" for e in entries), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, str(CHECKER), str(journal)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    bodies = sum(e["method"] in ("PUT", "PATCH") and bool(e["request_body"]) for e in entries)
    assert bodies > 25
