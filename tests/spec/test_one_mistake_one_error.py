"""A name that is spelt wrong is one error, however much else would follow from it."""

import pytest

from reconciler.diagnostics import SpecError
from reconciler.operations.load import load
from tests.support.azure import ROOT

SMALL = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")


def told(tmp_path, *changes):
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(str(file))
    return [(d.summary, d.hint) for d in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("change", "summary", "meant"),
    [
        (("workspace:\n", "workspce:\n"), "unknown key `workspce`", "workspace"),
        (("size: ", "sise: "), "unknown key `sise` in `compute.cpu-cluster`", "size"),
        (("key_vault: ", "keyvault: "), "unknown key `keyvault` in `workspace`", "key_vault"),
        (("resource_group: ", "resource_grp: "), "unknown key `resource_grp` in `target`", None),
    ],
    ids=["section", "field", "part", "target"],
)
def test_a_misspelt_name_is_the_only_error(tmp_path, change, summary, meant):
    (found,) = told(tmp_path, change)
    assert found == (summary, f"did you mean `{meant or 'resource_group'}`?")


def test_what_is_missing_for_another_reason_is_told_too(tmp_path):
    found = told(tmp_path, ("size: ", "colour: "))
    assert [summary for summary, _ in found] == [
        "`size` is missing in `compute.cpu-cluster`",
        "unknown key `colour` in `compute.cpu-cluster`",
    ]
