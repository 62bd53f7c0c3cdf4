"""What is told of a flow's folder and file before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.flow import dag
from reconciler.kinds.flow.binding import bind
from reconciler.kinds.flow.dag import check_dag, read_dag
from reconciler.kinds.local.folder import FLOW_FILE, LocalFolder, read_folder, root_of
from reconciler.kinds.local.left_out import holds_key
from reconciler.spec.document import parse

SHIPPED = Path(__file__).resolve().parents[2] / "examples/flows/phi3-chat"
TOOL = b"""
from promptflow.core import tool

@tool
def ask(question, connection, temperature=0.7):
    return question
"""
DAG = """inputs:
  question: {type: string, is_chat_input: true}
outputs:
  answer: {type: string, reference: "${ask.output}", is_chat_output: true}
nodes:
- name: ask
  type: python
  source: {type: code, path: ask.py}
  inputs:
    question: ${inputs.question}
    connection: some  # which one
"""


def problems(dag: str, *, tool: bytes = TOOL, bound: tuple[str, ...] = ()) -> list[Diagnostic]:
    folder = LocalFolder("flow", {FLOW_FILE: dag.encode(), "ask.py": tool})
    document, found = read_dag(folder)
    if document is not None:
        found = check_dag(document, folder, is_chat=True, bound=bound)
    return found


def test_shipped_flow_is_fine() -> None:
    folder = read_folder(SHIPPED, "flow")
    document, found = read_dag(folder)
    assert document is not None
    assert (found, folder.problems) == ([], ())
    assert check_dag(document, folder, is_chat=True, bound=("connection",)) == []


@pytest.mark.parametrize(
    ("old", "new", "told", "line"),
    [
        ("inputs.question}", "inputs.qestion}", "no input `qestion`", 10),
        ("${ask.output}", "${aks.output}", "no node `aks`", 4),
        ("${ask.output}", "${ask.result}", "not a node's output", 4),
        ("ask.py", "../ask.py", "points outside the flow's folder", 8),
        ("ask.py", "asks.py", "there is no `asks.py`", 8),
        ("type: python", "type: pyton", "invalid node type `pyton`", 7),
        ("is_chat_input: true", "is_chat_input: false", "exactly one of its inputs", 2),
        (", is_chat_output: true", "", "exactly one of its outputs", 4),
        ("    question:", "    quest:", "no parameter `quest`", 10),
        ("    question: ${inputs.question}\n", "", "parameter `question` is not given", 10),
        ("nodes:", "nods:", "unknown key `nods`", 5),
        ("type: string, is", "type: text, is", "has `text`", 2),
        ("${inputs.question}", "${ask.output}", "circular reference", 6),
    ],
)
def test_wrong_flow_is_told_with_its_line(old: str, new: str, told: str, line: int) -> None:
    found = [p for p in problems(DAG.replace(old, new)) if told in p.summary]
    assert found, problems(DAG.replace(old, new))
    assert found[0].position is not None
    assert (found[0].position.file, found[0].position.line) == (f"flow/{FLOW_FILE}", line)


def test_connection_input_that_no_node_has_names_the_nearest() -> None:
    [found] = problems(DAG, bound=("conection",))
    assert found.hint == "did you mean `connection`?"


def test_python_that_does_not_parse_is_told_with_its_place() -> None:
    [found] = problems(DAG, tool=b"x = 1\ndef (:\n")
    assert str(found.position).startswith("flow/ask.py:2:")


def test_python_without_a_tool_is_told() -> None:
    [found] = problems(DAG, tool=b"def ask(question): return 1\n")
    assert "no function with the decorator `@tool`" in found.summary


def test_missing_flow_file_is_told() -> None:
    document, [found] = read_dag(LocalFolder("flow", {"ask.py": TOOL}))
    assert document is None
    assert found.summary == f"the flow has no {FLOW_FILE}"


def test_link_out_of_the_folder_is_refused_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    folder = tmp_path / "flow"
    folder.mkdir()
    (folder / "data").symlink_to(tmp_path / "secret")
    (folder / "more").symlink_to(tmp_path)
    found = read_folder(folder, "flow")
    assert found.files == {}
    assert [p.summary for p in found.problems] == [
        "data is a link to a place outside the folder",
        "more is a link to a place outside the folder",
    ]


def test_pipes_and_links_in_circles_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "here").symlink_to(tmp_path)
    found = read_folder(tmp_path, "flow")
    assert found.files == {}
    assert len(found.problems) == 3


def test_fingerprint_covers_names_bytes_and_bindings() -> None:
    prints = {
        LocalFolder("flow", {"a": b"1"}).fingerprint("chat"),
        LocalFolder("flow", {"b": b"1"}).fingerprint("chat"),
        LocalFolder("flow", {"a": b"2"}).fingerprint("chat"),
        LocalFolder("flow", {"a": b"1"}).fingerprint("standard"),
        LocalFolder("flow", {"a": b"1"}).fingerprint("chat", "connection=x"),
    }
    assert len(prints) == 5


def test_leftovers_of_tools_are_no_part_of_a_flow(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").touch()
    (tmp_path / "a.py").touch()
    assert list(read_folder(tmp_path, "flow").files) == ["a.py"]


SCALARS = st.sampled_from(["old", '"quoted, # x"', "'it''s'", "", "old # kept", "{}"])


@given(value=SCALARS, name=st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}", fullmatch=True))
def test_binding_changes_the_connection_and_nothing_else(value: str, name: str) -> None:
    if value == "{}":
        value = "some"
    text = DAG.replace("some  # which one", value)
    bound = bind(parse(text, "flow", Path()), {"connection": name}).decode()
    before, after = parse(text, "f", Path()).data, parse(bound, "f", Path()).data
    assert after["nodes"][0]["inputs"]["connection"] == name
    after["nodes"][0]["inputs"]["connection"] = before["nodes"][0]["inputs"]["connection"]
    assert after == before
    assert bound.count("\n") == text.count("\n")


@pytest.fixture(params=[True, False], ids=["clone", "export"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository with a spec two folders down, with and without `.git`."""
    top = tmp_path / "checkout"
    (top / "deploy" / "prod").mkdir(parents=True)
    if request.param:
        (top / ".git").mkdir()
    return top


def test_a_flow_lies_below_the_folder_above_the_specs(checkout: Path) -> None:
    assert root_of(checkout / "deploy" / "prod") == checkout / "deploy"
    assert root_of(checkout / "deploy") == checkout


def test_a_file_names_the_root_for_all_specs_below_it(checkout: Path) -> None:
    (checkout / ".reconcile-root").touch()
    assert root_of(checkout / "deploy" / "prod") == checkout
    assert root_of(checkout) == checkout
    (checkout / "deploy" / "prod" / ".reconcile-root").touch()
    assert root_of(checkout / "deploy" / "prod") == checkout / "deploy" / "prod"


def test_a_flow_outside_of_the_root_is_told_with_what_to_do(checkout: Path) -> None:
    flow = checkout / "flows" / "chat"
    flow.mkdir(parents=True)
    (flow / FLOW_FILE).write_text("inputs: {}\n")
    spec = checkout / "deploy" / "prod"
    (problem,) = read_folder(flow, "flows/chat", root_of(spec)).problems
    assert "outside" in problem.summary
    assert ".reconcile-root" in problem.hint
    (checkout / ".reconcile-root").touch()
    found = read_folder(flow, "flows/chat", root_of(spec))
    assert (list(found.files), found.problems) == ([FLOW_FILE], ())


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0x.c2ln",
        *(f"{prefix}{'a1' * 12}" for prefix in ("hf_", "sk-", "ghp_", "gho_", "ghu_", "ghs_")),
        *(f"{prefix}{'a1' * 12}" for prefix in ("ghr_", "github_pat_", "glpat-", "npm_")),
        *(f"{prefix}{'a1' * 12}" for prefix in ("dckr_pat_", "dapi", "xoxb-", "xoxp-", "AIza")),
        "AKIA" + "A1" * 8,
        "ASIA" + "A1" * 8,
        "abc8Q~" + "a1" * 16,
        "A1" * 43 + "==",
        "-----BEGIN " + "RSA PRIVATE KEY-----\nMII\n",
    ],
)
def test_a_token_of_each_kind_is_found_in_a_file(token: str) -> None:
    assert holds_key(f"before\n{token}\nafter".encode())
    assert not holds_key(f"before\n{token[:5]}\nafter".encode())


def test_a_flow_file_is_parsed_once_however_often_it_is_asked_for(monkeypatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(dag, "parse", lambda text, *rest: parsed.append(text) or parse(text, *rest))
    for content in (b"nodes: [1, 2]\n", b"nodes: [\n"):
        asked = [read_dag(LocalFolder("once", {FLOW_FILE: content})) for _ in range(3)]
        assert asked[1:] == asked[:2]
    assert len(parsed) == 2


VARIANTS = DAG.replace(
    """  type: python
  source: {type: code, path: ask.py}
  inputs:
    question: ${inputs.question}
    connection: some  # which one
""",
    """  use_variants: true
node_variants:
  ask:
    default_variant_id: calm
    variants:
      calm:
        node:
          type: python
          source: {type: code, path: ask.py}
          inputs: {question: "${flow.question}", connection: some}
      bold:
        node:
          type: python
          source: {type: code, path: ask.py}
          inputs: {question: "${inputs.question}", connection: some, temperature: 1.5}
""",
)


def test_each_variant_of_a_node_is_checked_and_bound() -> None:
    assert problems(VARIANTS, bound=("connection",)) == []
    found = problems(VARIANTS.replace("temperature: 1.5", "heat: 1.5"))
    assert [(d.summary, d.position.line) for d in found if d.position] == [
        ("the tool has no parameter `heat`", 21)
    ]
    bound = bind(parse(VARIANTS, "flow", Path()), {"connection": "ours"}).decode()
    assert bound.count('connection: "ours"') == 2


def test_a_node_may_be_named_without_its_output() -> None:
    assert problems(DAG.replace("${ask.output}", "${ask}")) == []
    assert problems(DAG.replace("${inputs.question}", "${flow.qestion}"))[0].hint
