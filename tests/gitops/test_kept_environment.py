"""A spec with environments is kept in one of them; two entries may keep one file."""

import pytest

from reconciler.diagnostics import SpecError
from reconciler.gitops.config import Settings
from reconciler.gitops.folder import Folder
from reconciler.gitops.kept import Kept, load_kept

SPEC = """\
version: 1
name: team
target: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: "rg-${{ environment }}", location: eastus}
per_environment: {dev: {}, prod: {}}
"""


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "spec.yaml").write_text(SPEC)
    return Folder(str(folder)).latest()


def test_each_entry_keeps_the_environment_that_it_names(tree):
    names = [
        load_kept(Kept(name, "spec.yaml", Settings(environment=name), "spec.yaml"), tree).spec.name
        for name in ("dev", "prod")
    ]
    assert names == ["team-dev", "team-prod"]


def test_without_one_the_spec_is_invalid_at_its_line(tree):
    with pytest.raises(SpecError) as caught:
        load_kept(Kept("team", "spec.yaml", Settings(), "spec.yaml"), tree)
    assert str(caught.value.diagnostics[0].position) == "spec.yaml:4:1"
