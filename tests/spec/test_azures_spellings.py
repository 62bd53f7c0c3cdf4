"""Words are taken as Azure, the portal and `az ml` print them, in every field that takes words."""

import pytest
from pydantic import ValidationError

from reconciler.diagnostics import SpecError
from reconciler.kinds import Spec
from reconciler.spec.model import SpecModel
from tests.support.azure import edited

SMALL = "examples/smallest.yaml"
STORAGE = "storage_account: {name: smallestwsstorage"
VAULT = "key_vault: {name: smallest-ws-kv"


def models(base=SpecModel):
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def words():
    """Yield every field of the spec that takes some words and no others, with each of them."""
    for model in sorted({m for m in models() if m is not Spec}, key=lambda m: m.__qualname__):
        if not model.__module__.startswith("reconciler."):
            continue
        for name, shown in model.model_json_schema().get("properties", {}).items():
            for choice in (shown, *shown.get("anyOf", ())):
                for word in (*choice.get("enum", ()), choice.get("const")):
                    if isinstance(word, str):
                        yield model, name, word


def camel(word):
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))


def refused(model, name, word):
    """Return the spellings of a word that its field does not take for it."""
    found = []
    for spelt in (word.upper(), word.capitalize(), camel(word), camel(word).upper()):
        try:
            taken = getattr(model.model_validate({name: spelt}), name) == word
        except ValidationError as error:
            taken = (name,) not in {e["loc"][:1] for e in error.errors()}
        if not taken:
            found.append((model.__name__, name, spelt))
    return found


def test_a_word_is_taken_in_any_case_and_without_underscores():
    assert [wrong for word in words() for wrong in refused(*word)] == []


def test_most_fields_with_words_are_looked_at():
    assert len({(model, name) for model, name, _ in words()}) > 20


def test_what_azure_prints_makes_the_same_spec(tmp_path):
    plain, printed = tmp_path / "plain", tmp_path / "printed"
    plain.mkdir()
    printed.mkdir()
    stated = (STORAGE, f"{STORAGE}, sku: Standard_ZRS, public_network_access: disabled")
    ours = edited(plain, SMALL, stated, (VAULT, f"{VAULT}, sku: premium"))
    said = (STORAGE, f"{STORAGE}, sku: standard_zrs, public_network_access: Disabled")
    azures = edited(printed, SMALL, said, (VAULT, f"{VAULT}, sku: Premium"))
    assert {a: r.desired for a, r in azures.resources.items()} == {
        a: r.desired for a, r in ours.resources.items()
    }


def test_a_word_of_nobodys_is_refused_as_before(tmp_path):
    with pytest.raises(SpecError, match=r"invalid `workspace\.key_vault\.sku`: 'Gold'"):
        edited(tmp_path, SMALL, (VAULT, f"{VAULT}, sku: Gold"))
