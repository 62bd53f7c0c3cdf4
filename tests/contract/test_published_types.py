"""Every body of a full apply, update and destroy fits Microsoft's published resource types."""

import json
import re
import subprocess
import sys

import pytest

from tests.support.azure import ROOT, edited

EXAMPLE = "specs/phi3-ultrachat.yaml"
# What real Azure was recorded to send beyond the published type.
BEYOND = (
    ".properties.Ver",  # aso/appinsights_crud
    ".properties.Retention",  # aso/appinsights_crud
    ".policies.softDeletePolicy",  # aso/acr_crud
    ".policies.azureADAuthenticationAsArmPolicy",  # aso/acr_crud
    ".properties.anonymousPullEnabled",  # aso/acr_crud
    "/connections response .tags",  # azure-ai-ml/connection_git_pat
    "/connections response .location",
)
CHECKER = ROOT.parent / "shared" / "tools" / "check_traffic.py"


needs_types = pytest.mark.skipif(
    not CHECKER.is_file(), reason="the published types (../shared) are not here"
)


@pytest.fixture
def entries(azure, tmp_path):
    """The journal of an apply of the example, an update, and its destruction."""
    _, problems = azure.apply(edited(tmp_path, EXAMPLE))
    assert problems == []
    changed = edited(
        tmp_path,
        EXAMPLE,
        ("idle_time_before_scale_down: 120", "idle_time_before_scale_down: 300"),
        ("team: ml-platform", "team: platform"),
        ("instance_count: 1", "instance_count: 2"),
        ("cores: 48", "cores: 96"),
    )
    _, problems = azure.apply(changed)
    assert problems == []
    assert [o.problems for o in azure.destroy(changed).outcomes if o.problems] == []
    return azure.journal()


def checked(entries, folder, *options):
    """What the checker finds wrong: (place, problem) pairs."""
    journal = folder / "journal.jsonl"
    journal.write_text("".join(json.dumps(e) + "\n" for e in entries), encoding="utf-8")
    command = [sys.executable, str(CHECKER), str(journal), "--json", *options]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(found.stdout)
    return [(place, what) for place, what, _ in report["wrong"]], report["seen"]


@needs_types
def test_every_body_of_a_full_scenario_fits_the_published_types(entries, tmp_path):
    wrong, seen = checked(entries, tmp_path, "--responses")
    requests = [one for one in wrong if " request " in one[0]]
    missing = [one for one in wrong if one[1] == "required property is missing"]
    beyond = [one for one in wrong if not re.sub(r"@\S+|\$", "", one[0]).endswith(BEYOND)]
    assert requests == []
    assert missing == []
    assert beyond == []
    assert seen["request bodies checked"] > 25
    assert seen["response bodies checked"] > 100
