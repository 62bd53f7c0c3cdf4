"""`reconcile init`: a valid spec from a shipped one, and no file replaced unasked."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from reconciler.cli.init import CHOICES
from reconciler.cli.templates import TEMPLATES
from reconciler.diagnostics import ExitCode
from reconciler.operations.load import load
from reconciler.spec.shipped import root
from tests.support.commands import in_process

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TARGET = (
    "--subscription", SUBSCRIPTION, "--resource-group", "rg-mine", "--location", "westeurope",
)  # fmt: skip


@pytest.mark.parametrize("template", CHOICES)
def test_each_template_is_valid_with_the_users_target(template: str, tmp_path: Path) -> None:
    ended = in_process(tmp_path, "init", "--from", template, *TARGET)
    assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")
    assert "reconcile plan spec.yaml" in ended.stdout
    loaded = load(str(tmp_path / "spec.yaml"))
    shipped = load(str(root() / TEMPLATES[template].file))
    assert set(loaded.resources) == set(shipped.resources)
    for resource in loaded.resources.values():
        assert SUBSCRIPTION in resource.resource_id
        assert "/rg-mine" in resource.resource_id or "resourceGroups" not in resource.resource_id
    assert loaded.spec.target.location == "westeurope"


def test_every_template_can_be_chosen() -> None:
    assert tuple(TEMPLATES) == CHOICES


def test_a_file_is_replaced_only_when_told(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("mine", encoding="utf-8")
    ended = in_process(tmp_path, "init", "--from", "phi3")
    assert ended.returncode == ExitCode.REFUSED
    assert "--overwrite" in ended.stderr
    assert [spec] == [*tmp_path.iterdir()]
    assert spec.read_text(encoding="utf-8") == "mine"
    assert in_process(tmp_path, "init", "--from", "phi3", "--overwrite").returncode == ExitCode.OK
    assert "phi3-ultrachat" in spec.read_text(encoding="utf-8")


def test_a_file_beside_it_is_never_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data" / "support-chats.jsonl"
    data.parent.mkdir()
    data.write_text("mine", encoding="utf-8")
    ended = in_process(tmp_path, "init", "--from", "own-data", "--overwrite")
    assert ended.returncode == ExitCode.REFUSED
    assert data.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "spec.yaml").exists()


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").symlink_to(tmp_path / "elsewhere")
    assert in_process(tmp_path, "init", "--from", "existing").returncode == ExitCode.REFUSED
    assert not (tmp_path / "elsewhere").exists()


def test_an_invalid_answer_writes_nothing(tmp_path: Path) -> None:
    ended = in_process(tmp_path, "init", "--from", "phi3", "--location", "x!")
    assert ended.returncode == ExitCode.INVALID_SPEC
    assert "`target.location`" in ended.stderr
    assert [*tmp_path.iterdir()] == []


def test_where_nobody_can_be_asked_it_says_what_to_type(tmp_path: Path) -> None:
    ended = in_process(tmp_path, "init")
    assert ended.returncode == ExitCode.USAGE
    assert "reconcile init spec.yaml --from phi3|own-data|existing" in ended.stderr


def test_it_asks_on_a_terminal(tmp_path: Path) -> None:
    with pexpect.spawn(
        sys.executable, ["-m", "reconciler", "init"], cwd=tmp_path, encoding="utf-8", timeout=60
    ) as terminal:
        for question, answer in (
            ("Number or name: ", "3"),
            ("Subscription id .*: ", SUBSCRIPTION),
            ("Resource group: ", "rg-asked"),
            ("Region: ", "northeurope"),
        ):
            terminal.expect(question)
            terminal.sendline(answer)
        terminal.expect("Wrote spec.yaml")
        terminal.expect(pexpect.EOF)
    target = load(str(tmp_path / "spec.yaml")).spec.target
    found = (target.subscription_id, target.resource_group, target.location)
    assert found == (SUBSCRIPTION, "rg-asked", "northeurope")
