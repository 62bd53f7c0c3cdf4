"""Check a `flow.dag.yaml`: nodes, references, sources, chat inputs and outputs.

Every problem has its place in the file. Source of the format:
microsoft.github.io/promptflow (flow YAML schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, SpecError
from reconciler.kinds.flow.tools import Tool, parsed
from reconciler.kinds.local.folder import FLOW_FILE, LocalFolder
from reconciler.spec.document import Document, Keys, parse
from reconciler.spec.problems import did_you_mean

NODE_TYPES = ("python", "llm", "prompt", "custom_llm")
TYPES = ("int", "double", "bool", "string", "secret", "list", "object", "image")
REFERENCE = re.compile(r"\$\{([^{}]*)\}")
TOP_KEYS = frozenset(
    {
        "$schema", "id", "name", "inputs", "outputs", "nodes", "node_variants", "environment",
        "environment_variables", "additional_includes", "language", "tools", "display_name",
        "description", "tags", "type", "message_format",
    }
)  # fmt: skip


def read_dag(folder: LocalFolder) -> tuple[Document | None, list[Diagnostic]]:
    """Return the parsed flow file of a folder, or None with what is wrong with it."""
    shown = f"{folder.shown}/{FLOW_FILE}"
    content = folder.files.get(FLOW_FILE)
    if content is None:
        if folder.problems:
            return None, []
        place = Position(shown, 1, 1)
        return None, [Diagnostic(f"the flow has no {FLOW_FILE}", place, hint="see examples/flows/")]
    document, problems = _parsed(content, shown)
    return document, list(problems)


@lru_cache(maxsize=8)
def _parsed(content: bytes, shown: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return what `read_dag` does: a file is asked for several times, and parsed once."""
    try:
        return parse(content.decode("utf-8-sig"), shown, Path()), ()
    except UnicodeDecodeError:
        return None, (Diagnostic("not UTF-8 text", Position(shown, 1, 1)),)
    except SpecError as error:
        return None, tuple(error.diagnostics)


def check_dag(
    document: Document, folder: LocalFolder, *, is_chat: bool, bound: Iterable[str]
) -> list[Diagnostic]:
    """Return everything that is wrong with a flow, in file order.

    `bound` are the node inputs that the spec puts a connection into.
    """
    found = list(_Check(document, folder).run(is_chat=is_chat, bound=tuple(bound)))
    return sorted(found, key=lambda d: (d.position.line, d.position.column) if d.position else ())


def nodes_of(data: Mapping[str, Any]) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    """Yield each node with its path; of one that `use_variants`, each of its variants.

    A variant has the name of its node. Where a node has no variants, it is yielded as it is.
    """
    stated = data.get("nodes")
    for index, node in enumerate(stated if isinstance(stated, list) else ()):
        if isinstance(node, dict):
            found = list(_variants(data, node)) if node.get("use_variants") is True else []
            yield from found or [(("nodes", index), node)]


def _variants(
    data: Mapping[str, Any], node: Mapping[str, Any]
) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    name = str(node.get("name"))
    own = _table(_table(data.get("node_variants")).get(name))
    for variant, stated in _table(own.get("variants")).items():
        inner = _table(stated).get("node")
        if isinstance(inner, dict):
            yield ("node_variants", name, "variants", variant, "node"), {**inner, "name": name}


class _Check:
    def __init__(self, document: Document, folder: LocalFolder) -> None:
        self.document = document
        self.folder = folder
        self.data: Mapping[str, Any] = document.data
        self.inputs = _table(self.data.get("inputs"))
        self.outputs = _table(self.data.get("outputs"))
        self.nodes = list(nodes_of(self.data))
        stated = self.data.get("nodes")
        self.names = [
            str(node["name"])
            for node in (stated if isinstance(stated, list) else ())
            if isinstance(node, dict) and node.get("name")
        ]

    def run(self, *, is_chat: bool, bound: tuple[str, ...]) -> Iterator[Diagnostic]:
        """Yield every problem."""
        yield from self._top()
        for path, node in self.nodes:
            yield from self._node(path, node)
        yield from self._output_references()
        yield from self._circles()
        if is_chat:
            yield from self._chat()
        for name in bound:
            yield from self._bound(name)

    def _top(self) -> Iterator[Diagnostic]:
        for key in self.data:
            if key not in TOP_KEYS:
                hint = did_you_mean(key, TOP_KEYS)
                yield self._at((key,), f"unknown key `{key}`", hint=hint, of_key=True)
        if not self.nodes:
            yield self._at(("nodes",), "`nodes` must be a list with at least one node")
        for section in ("inputs", "outputs"):
            for name, value in _table(self.data.get(section)).items():
                kind = value.get("type") if isinstance(value, dict) else None
                if kind not in TYPES:
                    place = (section, name, *(["type"] if kind else []))
                    what = f"`{kind}`" if kind else "no type"
                    hint = did_you_mean(str(kind), TYPES)
                    yield self._at(place, f"`{section}.{name}` has {what}", hint=hint)
        for name in sorted({n for n in self.names if self.names.count(n) > 1}):
            index = [i for i, node in enumerate(self.data["nodes"]) if _name(node) == name][-1]
            yield self._at(("nodes", index, "name"), f"two nodes are named `{name}`")

    def _node(self, path: Keys, node: Mapping[str, Any]) -> Iterator[Diagnostic]:
        if not isinstance(node.get("name"), str):
            yield self._at(path, "a node needs a `name`")
        if node.get("type") not in NODE_TYPES:
            hint = did_you_mean(str(node.get("type")), NODE_TYPES)
            yield self._at((*path, "type"), f"invalid node type `{node.get('type')}`", hint=hint)
        yield from self._source(path, node)
        for where, text in _texts(node.get("inputs"), (*path, "inputs")):
            yield from self._references(where, text)

    def _source(self, path: Keys, node: Mapping[str, Any]) -> Iterator[Diagnostic]:
        source = node.get("source")
        if not isinstance(source, dict):
            yield self._at(path, "a node needs a `source`")
            return
        if source.get("type") == "package":
            return
        name = source.get("path")
        place = (*path, "source", "path")
        if not isinstance(name, str):
            yield self._at((*path, "source"), "the `source` needs a `path`")
        elif Path(name).is_absolute() or ".." in Path(name).parts:
            yield self._at(place, f"`{name}` points outside the flow's folder")
        elif Path(name).as_posix() not in self.folder.files:
            hint = did_you_mean(name, (f for f in self.folder.files if f != FLOW_FILE))
            yield self._at(place, f"there is no `{name}` in the folder", hint=hint)
        elif node.get("type") == "python":
            yield from self._tool(path, node, Path(name).as_posix())

    def _tool(self, path: Keys, node: Mapping[str, Any], name: str) -> Iterator[Diagnostic]:
        """Check that the Python file has one tool and that the node's inputs fit it."""
        file = f"{self.folder.shown}/{name}"
        found = parsed(self.folder.files[name])
        if found.problem:
            place = Position(file, found.line, found.column)
            yield Diagnostic(found.problem, place, hint=found.hint)
        elif len(found.tools) != 1:
            what = "more than one" if found.tools else "no"
            place = Position(file, 1, 1)
            yield Diagnostic(f"{name} has {what} function with the decorator `@tool`", place)
        else:
            yield from self._arguments(path, node, found.tools[0])

    def _arguments(self, path: Keys, node: Mapping[str, Any], tool: Tool) -> Iterator[Diagnostic]:
        given = _table(node.get("inputs"))
        for name in given:
            if name not in tool.known and not tool.takes_any:
                hint = did_you_mean(name, tool.known)
                summary = f"the tool has no parameter `{name}`"
                yield self._at((*path, "inputs", name), summary, hint=hint, of_key=True)
        for name in sorted(tool.needed - given.keys()):
            yield self._at((*path, "inputs"), f"the tool's parameter `{name}` is not given")

    def _output_references(self) -> Iterator[Diagnostic]:
        for name, value in self.outputs.items():
            path: Keys = ("outputs", name, "reference")
            text = value.get("reference") if isinstance(value, dict) else None
            if not isinstance(text, str) or not REFERENCE.search(text):
                yield self._at(path, f"`outputs.{name}` needs a `reference` to a node's output")
            else:
                yield from self._references(path, text)

    def _references(self, path: Keys, text: str) -> Iterator[Diagnostic]:
        """Check the `${inputs.x}` and `${node.output}` of one text."""
        for match in REFERENCE.finditer(text):
            head, _, rest = match[1].strip().partition(".")
            first = re.split(r"[.\[]", rest, maxsplit=1)[0]
            if head in ("inputs", "flow"):
                name = first if head == "inputs" else rest.removeprefix("inputs.")
                if name not in self.inputs:
                    hint = did_you_mean(name, self.inputs)
                    yield self._at(path, f"the flow has no input `{name}`", hint=hint)
            elif head not in self.names:
                hint = did_you_mean(head, [*self.names, "inputs"])
                yield self._at(path, f"the flow has no node `{head}`", hint=hint)
            elif first not in ("output", ""):
                hint = f"write `${{{head}.output}}`"
                yield self._at(path, f"`{match[0]}` is not a node's output", hint=hint)

    def _circles(self) -> Iterator[Diagnostic]:
        """Yield a problem when nodes wait for each other in a circle."""
        graph: dict[str, set[str]] = {}
        for path, node in self.nodes:
            heads = {
                match[1].strip().partition(".")[0]
                for _, text in _texts(node.get("inputs"), path)
                for match in REFERENCE.finditer(text)
            }
            graph.setdefault(str(node.get("name")), set()).update(heads & set(self.names))
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            yield self._at(("nodes",), f"circular reference between nodes: {circle}")

    def _chat(self) -> Iterator[Diagnostic]:
        for section, flag in (("inputs", "is_chat_input"), ("outputs", "is_chat_output")):
            table = self.inputs if section == "inputs" else self.outputs
            marked = [n for n, v in table.items() if isinstance(v, dict) and v.get(flag) is True]
            if len(marked) != 1:
                yield self._at(
                    (section,),
                    f"a chat flow marks exactly one of its {section} with `{flag}: true`, "
                    f"this one marks {len(marked)}",
                )

    def _bound(self, name: str) -> Iterator[Diagnostic]:
        places = {i for _, node in self.nodes for i in _table(node.get("inputs"))}
        places |= {"connection" for _, node in self.nodes if "connection" in node}
        if name not in places:
            hint = did_you_mean(name, places)
            yield self._at(("nodes",), f"no node has an input `{name}` for a connection", hint=hint)

    def _at(self, path: Keys, summary: str, *, hint: str = "", of_key: bool = False) -> Diagnostic:
        return Diagnostic(summary, self.document.position(path, of_key=of_key), hint=hint)


def _name(node: Any) -> str:
    return str(node.get("name")) if isinstance(node, dict) else ""


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any, path: Keys) -> Iterator[tuple[Keys, str]]:
    """Yield every text in a value with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
