"""`plan -o github` and `-o azure-devops`: what a step leaves behind, with a plan and without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from tests.support.commands import Ended, attached, in_process, reconcile
from tests.support.controls import Pool

ROOT = Path(__file__).parents[2]
VALID = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
COMMANDS = re.compile(r"^\s*::|##\[|##vso\[", re.MULTILINE | re.IGNORECASE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Iterator[Path]:
    """A checkout whose spec is in a folder of its own, beside an empty sandbox."""
    with pool.lent() as server:
        folder = attached(tmp_path_factory.mktemp("checkout") / "specs", server)
        (folder / "spec.yaml").write_text(VALID, encoding="utf-8")
        yield folder


def on_github(folder: Path, *words: str, **more: str) -> tuple[Ended, str, dict[str, str]]:
    """Run a step; return how it ended, its summary and its outputs as GitHub reads them."""
    files = {n: folder / f"{n}.txt" for n in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    given = {name: str(file) for name, file in files.items()}
    run = reconcile if words[0] == "plan" else in_process
    done = run(folder, *words, GITHUB_WORKSPACE=str(folder.parent), **given, **more)
    summary, output = (file.read_text(encoding="utf-8") for file in files.values())
    return done, summary, outputs_in(output)


def outputs_in(text: str) -> dict[str, str]:
    """Return the outputs of a step. Source: `name<<delimiter`, docs.github.com/actions."""
    found, rows = {}, iter(text.splitlines())
    for row in rows:
        name, end = row.split("<<")
        found[name] = "\n".join(iter(lambda end=end: next(rows), end))
    return found


def test_a_plan_is_a_comment_a_summary_and_outputs(world: Path) -> None:
    done, summary, outputs = on_github(world, "plan", "spec.yaml", "-o", "github")
    assert done.returncode == ExitCode.OK
    assert done.stdout.startswith("<!-- reconcile:smallest -->\n\n### reconcile plan\n")
    assert summary == done.stdout
    as_markdown = reconcile(world, "plan", "spec.yaml", "-o", "markdown").stdout
    assert done.stdout == as_markdown
    assert outputs["effect"] in done.stdout
    assert outputs.keys() == {"effect", "changes", "dangerous", "cost_delta"}
    assert int(outputs["changes"]) > 0
    assert int(outputs["dangerous"]) > 0
    assert float(outputs["cost_delta"]) >= 0


def test_it_works_without_a_runner(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    done = reconcile(world, "plan", "spec.yaml", "-o", "github")
    assert done.returncode == ExitCode.OK
    assert done.stdout.startswith("<!-- reconcile:smallest -->")


def test_a_file_that_cannot_be_written_is_an_error(world: Path) -> None:
    done = reconcile(world, "plan", "spec.yaml", "-o", "github", GITHUB_OUTPUT=str(world))
    assert done.returncode == ExitCode.FAILED
    assert f"{world} exists and is not a regular file" in done.stderr


def test_an_invalid_spec_is_annotations_from_the_root_of_the_checkout(world: Path) -> None:
    (world / "bad.yaml").write_text(f"{VALID}\ncompte: {{}}\n", encoding="utf-8")
    done, summary, outputs = on_github(world, "plan", "bad.yaml", "-o", "github")
    assert done.returncode == ExitCode.INVALID_SPEC
    line = VALID.count("\n") + 2
    assert (
        f"::error file=specs/bad.yaml,line={line},col=1,title=reconcile::"
        "unknown key `compte`%0Ahint: did you mean `compute`?\n"
    ) in done.stderr
    assert done.stdout.startswith("<!-- reconcile:smallest -->\n\n### reconcile plan: blocked\n")
    assert summary == done.stdout
    assert set(outputs.values()) == {""}


@pytest.mark.parametrize(
    "key",
    ["::set-env name=A::b", "##vso[task.complete]", "x\\n::error::y", "end-0\\neffect<<x"],
)
def test_a_hostile_spec_begins_no_command_of_its_own(world: Path, key: str) -> None:
    (world / "bad.yaml").write_text(f'{VALID}\n"{key}": 1\n', encoding="utf-8")
    done, summary, outputs = on_github(world, "plan", "bad.yaml", "-o", "github")
    assert done.returncode == ExitCode.INVALID_SPEC
    assert not COMMANDS.search(done.stdout + summary)
    rows = [row for row in done.stderr.splitlines() if COMMANDS.search(row)]
    assert [row.split("=")[0] for row in rows] == ["::error file"]
    assert outputs.keys() == {"effect", "changes", "dangerous", "cost_delta"}


def test_standard_input_has_no_file_to_annotate(tmp_path: Path) -> None:
    done = in_process(tmp_path, "plan", "-", "-o", "github", stdin="name: [1")
    rows = [row for row in done.stderr.splitlines() if row.startswith("::error")]
    assert rows
    assert all(row.startswith("::error title=reconcile::") for row in rows)


def on_azure_devops(folder: Path, *words: str) -> tuple[Ended, str, dict[str, str]]:
    """Run a step; return how it ended, its summary and its outputs as the agent reads them."""
    temp = folder / "temp"
    temp.mkdir(exist_ok=True)
    run = reconcile if words[0] == "plan" else in_process
    given = {"BUILD_SOURCESDIRECTORY": str(folder.parent), "AGENT_TEMPDIRECTORY": str(temp)}
    done = run(folder, *words, "-o", "azure-devops", **given)
    (file,) = re.findall(r"^##vso\[task.uploadsummary\](.*)$", done.stdout, re.MULTILINE)
    assert Path(file).is_relative_to(temp)
    assert (Path(file).stat().st_mode & 0o777, Path(file).parent.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    set_ = r"^##vso\[task.setvariable variable=(\w+);isOutput=true;\](.*)$"
    outputs = dict(re.findall(set_, done.stdout, re.MULTILINE))
    return done, Path(file).read_text(encoding="utf-8"), outputs


def test_azure_pipelines_gets_the_same(world: Path) -> None:
    done, summary, outputs = on_azure_devops(world, "plan", "spec.yaml")
    github, comment, same = on_github(world, "plan", "spec.yaml", "-o", "github")
    assert (done.returncode, summary, outputs) == (github.returncode, comment, same)
    shown = done.stdout.partition("##vso[")[0]
    text = reconcile(world, "plan", "spec.yaml", "-o", "text").stdout
    assert shown == text


def test_azure_pipelines_shows_an_invalid_spec_beside_its_lines(world: Path) -> None:
    (world / "bad.yaml").write_text(f"{VALID}\ncompte: {{}}\n", encoding="utf-8")
    done, summary, outputs = on_azure_devops(world, "plan", "bad.yaml")
    assert done.returncode == ExitCode.INVALID_SPEC
    line = VALID.count("\n") + 2
    assert done.stdout.startswith(
        f"##vso[task.logissue type=error;sourcepath=specs/bad.yaml;linenumber={line};"
        "columnnumber=1;]unknown key `compte`%0Ahint: did you mean `compute`?\n"
    )
    assert "### reconcile plan: blocked" in summary
    assert set(outputs.values()) == {""}


def test_without_an_agent_no_file_is_left_behind(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENT_TEMPDIRECTORY", raising=False)
    done = reconcile(world, "plan", "spec.yaml", "-o", "azure-devops", TMPDIR=str(tmp_path))
    assert done.returncode == ExitCode.OK
    assert "uploadsummary" not in done.stdout
    assert "##vso[task.setvariable variable=effect;isOutput=true;]plan-" in done.stdout
    assert list(tmp_path.iterdir()) == []
