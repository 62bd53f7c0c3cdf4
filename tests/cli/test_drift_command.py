"""`reconcile drift`: what others changed, as a reviewer would have it posted each night."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from tests.support.commands import attached, in_process, reconcile
from tests.support.controls import Controls, Pool

SPEC = Path("examples/smallest.yaml")
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest/providers"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/smallestwsstorage"
CLUSTER = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/smallest-ws/computes/cpu-cluster"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Iterator[Path]:
    """Lend a folder with the smallest example, applied, whose tags and cluster others changed."""
    with pool.lent() as server:
        folder = attached(tmp_path_factory.mktemp("drift"), server)
        text = SPEC.read_text(encoding="utf-8")
        tagged = text.replace(
            "{name: smallestwsstorage}", "{name: smallestwsstorage, tags: {t: a}}"
        )
        (folder / "spec.yaml").write_text(tagged, encoding="utf-8")
        assert reconcile(folder, "apply", "spec.yaml", "--yes").returncode == 0
        assert reconcile(folder, "drift", "spec.yaml", "--detailed-exitcode").returncode == 0
        hostile = ("sandbox", "drift", "tag", STORAGE, "t=<b>`@all`")
        assert in_process(folder, *hostile).returncode == 0
        scaled = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 4}}}}
        sent = {"op": "patch", "id": CLUSTER, "body": scaled}
        Controls(server).control("POST", "drift", sent)
        yield folder


def test_a_comment_tells_what_others_changed_and_what_to_do(folder: Path) -> None:
    told = reconcile(folder, "drift", "spec.yaml", "-o", "markdown")
    assert told.returncode == 0
    assert told.stdout.startswith(
        "<!-- reconcile:smallest-drift -->\n\n### reconcile drift: 1 resource"
    )
    outside, unknown = told.stdout.split("**Differs, and who changed it is not known:**")
    assert "- `workspace.storage_account`" in outside
    assert "  - `` tags.t: <b>`@all`, the spec says a ``" in outside
    assert "  - `max_instances: 4, the spec says 2`" in unknown
    assert "`reconcile apply`" in told.stdout
    assert "@all" not in re.sub(r"(`+).*?\1", "", told.stdout)


def test_who_wrote_it_last_is_told_where_azure_tells_it(folder: Path) -> None:
    found = json.loads(reconcile(folder, "drift", "spec.yaml", "-o", "json").stdout)
    (cluster,) = found["unknown"]
    assert (cluster["address"], cluster["fields"]) == ("compute.cpu-cluster", ["max_instances"])
    last = cluster["last_changed"]
    assert set(last) == {"by", "on"}
    text = reconcile(folder, "drift", "spec.yaml").stdout
    row = next(row for row in text.splitlines() if "compute.cpu-cluster" in row)
    assert f"who changed it is not known (last changed by {last['by']} on {last['on']})" in row
    assert "1 resource changed outside of the spec." in text


def test_drift_is_told_by_the_exit_code_too(folder: Path) -> None:
    code = reconcile(folder, "drift", "spec.yaml", "--detailed-exitcode").returncode
    assert code == ExitCode.CHANGES


def test_the_page_of_a_plan_says_what_was_changed_outside(folder: Path) -> None:
    assert reconcile(folder, "plan", "spec.yaml", "--html", "plan.html").returncode == 0
    page = (folder / "plan.html").read_text(encoding="utf-8")
    storage = page.split("<code>workspace.storage_account</code>")[-1].split("</details>")[0]
    assert "<p>changed outside of the spec</p>" in storage
    cluster = page.split("<code>compute.cpu-cluster</code>")[-1].split("</details>")[0]
    assert "outside of the spec" not in cluster


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_a_drift_that_nobody_knows_is_a_document_too(tmp_path: Path, form: str) -> None:
    (tmp_path / "spec.yaml").write_text("version: 1\nname: small\ncompte: {}\n", encoding="utf-8")
    told = in_process(tmp_path, "drift", "spec.yaml", "-o", form)
    assert told.returncode == ExitCode.INVALID_SPEC
    if form == "json":
        assert json.loads(told.stdout)["errored"]
    else:
        assert told.stdout.startswith(
            "<!-- reconcile:small-drift -->\n\n### reconcile drift: blocked"
        )
