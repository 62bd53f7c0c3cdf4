"""What the README says is what the product does, on one screen or two."""

import re

from ruamel.yaml import YAML

from reconciler.cli.main import COMMANDS, main
from tests.support.azure import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 120
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_it_fits_on_two_screens():
    assert len(README.splitlines()) <= LONGEST


def test_the_two_commands_are_make_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ndemo:" in makefile
    assert "\ntest:" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_command_it_shows_exists():
    shown = re.findall(r"reconcile (\w+) [\w./]*(?:spec|\.yaml)", README)
    assert shown
    assert set(shown) <= set(COMMANDS)


def test_it_installs_what_is_packaged():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'name = "reconcile-azureml"' in project
    assert "\nreconcile = " in project
    assert "\nsandbox = [" in project


def test_the_first_spec_has_ten_lines_and_is_valid(tmp_path, capsys):
    [spec] = [text for language, text in BLOCKS if language == "yaml" and "version: 1" in text]
    assert len(spec.splitlines()) <= 10
    file = tmp_path / "spec.yaml"
    file.write_text(spec, encoding="utf-8")
    assert main(["validate", str(file)]) == 0
    assert "is valid" in capsys.readouterr().out


def test_the_workflows_are_yaml():
    page = (ROOT / "docs" / "pull-request.md").read_text(encoding="utf-8")
    for text in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        assert YAML(typ="safe", pure=True).load(text)
    for language, text in BLOCKS:
        assert language != "yaml" or YAML(typ="safe", pure=True).load(text)
