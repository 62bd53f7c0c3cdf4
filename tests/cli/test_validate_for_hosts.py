"""`validate -o github`, `-o azure-devops` and `-o sarif`: a check without a network, for forks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, ExitCode, Position, Severity
from reconciler.render.sarif import sarif
from tests.support.commands import Ended, in_process

ROOT = Path(__file__).parents[2]
VALID = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
WIDE = """
identities:
  trainer:
    role_assignments:
      - {role: Contributor, scope: resource_group}
"""
LINE = VALID.count("\n") + 5


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a good spec, one with a warning and a wrong one in a folder of its own."""
    folder = tmp_path / "my specs"
    folder.mkdir()
    for name, text in (("good", VALID), ("wide", VALID + WIDE), ("bad", f"{VALID}compte: 1\n")):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def validate(checkout: Path, name: str, form: str) -> Ended:
    given = {"GITHUB_WORKSPACE": str(checkout), "GITHUB_OUTPUT": "", "GITHUB_STEP_SUMMARY": ""}
    return in_process(checkout / "my specs", "validate", f"{name}.yaml", "-o", form, **given)


def run_of(done: Ended) -> dict[str, object]:
    document = json.loads(done.stdout)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert run["tool"]["driver"]["name"] == "reconcile"
    return run


def test_github_gets_an_annotation_for_each_problem(checkout: Path) -> None:
    good, wide, bad = (validate(checkout, n, "github") for n in ("good", "wide", "bad"))
    assert (good.returncode, "::" in good.stderr) == (ExitCode.OK, False)
    assert "good.yaml is valid: " in good.stdout
    assert wide.returncode == ExitCode.OK
    where = f"file=my specs/wide.yaml,line={LINE},col="
    assert f"::warning {where}" in wide.stderr
    assert bad.returncode == ExitCode.INVALID_SPEC
    assert "::error file=my specs/bad.yaml,line=" in bad.stderr
    assert bad.stdout == ""


def test_azure_pipelines_reads_them_from_standard_output(checkout: Path) -> None:
    wide, bad = (validate(checkout, n, "azure-devops") for n in ("wide", "bad"))
    assert "wide.yaml is valid: " in wide.stdout.splitlines()[0]
    place = f"sourcepath=my specs/wide.yaml;linenumber={LINE};columnnumber="
    assert f"##vso[task.logissue type=warning;{place}" in wide.stdout
    assert bad.stdout.startswith("##vso[task.logissue type=error;sourcepath=my specs/bad.yaml;")


def test_a_valid_spec_is_a_run_without_errors(checkout: Path) -> None:
    run = run_of(validate(checkout, "good", "sarif"))
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    (found,) = run_of(validate(checkout, "wide", "sarif"))["results"]
    assert (found["ruleId"], found["level"]) == ("wide-role", "warning")


def test_an_error_is_a_result_at_its_line(checkout: Path) -> None:
    done = validate(checkout, "bad", "sarif")
    assert done.returncode == ExitCode.INVALID_SPEC
    run = run_of(done)
    (found,) = run["results"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert found["ruleId"] == rule["id"] == "invalid-spec"
    assert found["level"] == "error"
    assert found["message"]["text"] == "unknown key `compte`\nhint: did you mean `compute`?"
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "my%20specs/bad.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": VALID.count("\n") + 1, "startColumn": 1}
    assert run["automationDetails"] == {"id": "reconcile/my%20specs/bad.yaml/"}


def test_a_file_that_is_not_there_is_a_check_that_failed(checkout: Path) -> None:
    done = validate(checkout, "none", "sarif")
    assert done.returncode == ExitCode.INVALID_SPEC
    run = run_of(done)
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (said,) = invocation["toolExecutionNotifications"]
    assert said["level"] == "error"
    assert said["message"]["text"].startswith("there is no file none.yaml\n")


def test_standard_input_is_no_file_of_the_checkout(checkout: Path) -> None:
    done = in_process(checkout, "validate", "-", "-o", "sarif", stdin="compte: 1\n")
    run = run_of(done)
    assert run["automationDetails"] == {"id": "reconcile/stdin/"}
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_hostile_text_is_neither_a_link_nor_hidden() -> None:
    place = Position("/else where/a.yaml", 1, 1)
    items = [
        Diagnostic("[x](javascript:y) \u202egpj", place),
        Diagnostic("again", place, severity=Severity.WARNING, id="retirement"),
    ]
    (run,) = json.loads(sarif(items, "1.0", "/else where/a.yaml", str))["runs"]
    first, second = run["results"]
    assert first["message"]["text"] == "[x]\\(javascript:y) \\u202egpj"
    assert second["ruleIndex"] == 1
    artifact = first["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///else%20where/a.yaml"}
