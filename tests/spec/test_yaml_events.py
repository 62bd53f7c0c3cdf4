"""Both readers of YAML read a text alike, or the quick one leaves it to the careful one."""

import random

import pytest
from ruamel.yaml.error import YAMLError

from reconciler.diagnostics import SpecError
from reconciler.spec import yaml_data, yaml_events
from tests.faults.seed import SEED
from tests.support.azure import ROOT

EXAMPLES = sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("examples/**/*.y*ml")])
PIECES = """a: b|  - x|{a: b, c: [1, 2]}|"q: \\n\\x41 \\/ \\u263a"|'it''s'|k: >-\n  folded\n\n  text|? k\n: v
# c|a:|- |[a, b]: c|---|...|key: "v"#c|a: 'x' y|{a:1, "b":2}|- - a\n  - b|a: [b\n,c]|k: |2-\n   x
a: @x|a: b: c|http://x: y|a: -|- ? x|[?x, :y]|{? a : b}|a: "multi\n  line"|"k"  : v|x : y|a: b #c
a: b#c|a: {\n b: c\n }|a: x%|-a: b|:a: b|a::b: c|a: # c\n  b|a: |+\n  x\n\n|é: \N{SNOWMAN}"""
SIGNS = ":-#'\"{}[],|>@`? \n\\aA01~.\r"
TEXTS = 400


def told(event):
    """What the product takes of an event: an empty value has no place of its own."""
    name, mark = type(event).__name__, event.start_mark
    value, style = getattr(event, "value", None), getattr(event, "style", None) or None
    placed = name.endswith(("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"))
    return name, value, style, (mark.line, mark.column) if placed and value != "" else None


def read(events):
    try:
        return [told(event) for event in events]
    except (yaml_events.UnclearError, YAMLError, ValueError):
        return None


def made(chance):
    lines = (
        chance.choice(("", "  ")) + chance.choice(PIECES.split("|"))
        for _ in range(chance.randrange(1, 4))
    )
    text = "\n".join(lines)
    for _ in range(chance.choice((0, 0, 1, 2))):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(SIGNS) + text[at + chance.choice((0, 1)) :]
    return text


def differing(text):
    quick = read(yaml_events.quick(text) or ())
    return bool(quick) and quick != read(yaml_events.careful(text))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_a_good_spec_is_read_quickly_and_to_the_same(file):
    text = file.read_text(encoding="utf-8")
    assert read(yaml_events.quick(text)) == read(yaml_events.careful(text))


def test_a_text_of_any_form_is_read_to_the_same():
    chance = random.Random(SEED)
    texts = [made(chance) for _ in range(TEXTS)]
    assert sum(bool(read(yaml_events.quick(text) or ())) for text in texts) > TEXTS / 20
    assert [text for text in texts if differing(text)] == []


@pytest.mark.parametrize("text", ["a: \tb", "a: \u2028b", "a: >#c\n b", "%YAML 1.2\n---\na: b"])
def test_what_libyaml_reads_otherwise_is_not_read_by_it(text):
    assert yaml_events.quick(text) is None


@pytest.mark.parametrize("text", ["&a: b", "a: *b", "a: !x b", "a: [b", "a: 1\na: 2"])
def test_what_is_wrong_is_told_by_the_careful_one(monkeypatch, text):
    with pytest.raises(SpecError) as quick:
        yaml_data.read(text, "spec.yaml")
    monkeypatch.setattr(yaml_events, "quick", lambda _text: None)
    with pytest.raises(SpecError) as careful:
        yaml_data.read(text, "spec.yaml")
    assert str(quick.value) == str(careful.value)


def test_without_libyaml_a_spec_is_read_all_the_same(monkeypatch):
    text = EXAMPLES[0].read_text(encoding="utf-8")
    both = []
    for quick in (yaml_events.quick, lambda _text: None):
        monkeypatch.setattr(yaml_events, "quick", quick)
        found = yaml_data.read(text, "spec.yaml")
        both.append((found.data, found.keys, found.values))
    assert both[0] == both[1]
