"""A resource with many problems tells them all: in the text of the report and in its JSON."""

import io
import json
import ssl
import urllib.request

import pytest

from reconciler.datasets.row_faults import MAX_PROBLEMS
from reconciler.engine.types import Status
from reconciler.render.report import report_json, report_lines
from reconciler.render.terminal import Terminal
from tests.support.training import COMMIT, spec, training_in

QUESTION = {"role": "user", "content": "a question"}
GOOD = {"messages": [QUESTION, {"role": "assistant", "content": "an answer"}]}
BAD = [{"messages": [QUESTION, {"role": f"bot{n}", "content": "x"}]} for n in range(MAX_PROBLEMS)]


@pytest.fixture(scope="module")
def azure(pool, tmp_path_factory):
    with training_in(pool, tmp_path_factory) as found:
        yield found


def published(azure, rows):
    """Give the hub's data set these rows, and return the commit that has them."""
    request = urllib.request.Request(
        f"{azure.server.url}/_sandbox/hub",
        method="PUT",
        data="\n".join(map(json.dumps, rows)).encode(),
        headers={"x-sandbox-token": azure.server.control_token},
    )
    context = ssl.create_default_context(cafile=azure.server.ca_file)
    with urllib.request.urlopen(request, context=context) as reply:
        return json.load(reply)["sha"]


def as_text(report):
    stream = io.StringIO()
    Terminal(stream).write(report_lines(report, elapsed_s=1.0))
    return stream.getvalue()


def test_twenty_bad_rows_of_the_hub_are_twenty_lines_of_the_report(azure):
    commit = published(azure, [GOOD, *BAD, GOOD])
    text = spec("manybad", (COMMIT, commit), ("train_sft[:10%]", "train_sft"))
    report = azure.apply(text)
    (failed,) = [o for o in report.outcomes if o.status is Status.FAILED]
    of_rows = [p.summary for p in failed.problems if ".parquet row " in p.summary]
    assert len(set(of_rows)) == MAX_PROBLEMS
    told = [line for line in as_text(report).splitlines() if ".parquet row " in line]
    pairs = zip(of_rows, told, strict=True)
    assert [(row, line) for row, line in pairs if row not in line] == []
    assert as_text(report).count("hint: a row is") == 1, "what holds for all is said once"
    found = json.loads(report_json(report, elapsed_s=1.0))
    (outcome,) = [o for o in found["outcomes"] if o["status"] == "failed"]
    assert len(outcome["diagnostics"]) == len(failed.problems) > MAX_PROBLEMS
    assert outcome["diagnostic"] == outcome["diagnostics"][0]
