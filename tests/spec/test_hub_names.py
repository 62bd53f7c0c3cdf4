"""A name on the Hugging Face hub is a name: it leads to no other place of a cache or a URL."""

import pytest
from pydantic import ValidationError

from reconciler.kinds.data.dataset_settings import HuggingFaceSource

GOOD = {"type": "huggingface", "repo": "a/b", "revision": "0" * 40}


@pytest.mark.parametrize(
    ("field", "value"), [("repo", "a/.."), ("repo", "../a"), ("repo", "./a"), ("config", "..")]
)
def test_a_path_is_not_a_name(field, value):
    with pytest.raises(ValidationError, match="is a path, not a name on the hub"):
        HuggingFaceSource(**{**GOOD, field: value})


@pytest.mark.parametrize("name", ["a.b/c..d", "..a/b..", "-/_"])
def test_dots_within_a_name_are_fine(name):
    assert HuggingFaceSource(**{**GOOD, "repo": name}).repo == name
