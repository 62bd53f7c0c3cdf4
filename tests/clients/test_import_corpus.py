"""Real az ml files, where they are at hand, become specs: see `make import-corpus`."""

from pathlib import Path

import pytest

from tests.import_corpus import judged

CORPUS = Path(__file__).parents[2].parent / "shared" / "azure-ml-yaml"
FILES = sorted(CORPUS.rglob("*.y*ml"))
LEAST = 0.9


@pytest.mark.skipif(not FILES, reason="no corpus of az ml files beside the project")
def test_most_are_taken_whole_and_what_is_not_has_a_line_and_a_reason():
    found = [judged(file, None) for file in FILES]
    ours = [one for one in found if one.section]
    whole = [one for one in ours if one.word == "whole"]
    assert len(whole) >= LEAST * len(ours), [one for one in ours if one.word != "whole"]
    silent = [one.file for one in ours if one.word in ("part", "refused") and not one.why]
    assert silent == []
