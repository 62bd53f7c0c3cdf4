"""Write the tables of operations that stand in docs/sandbox.md: `make sandbox-table`.

What is declared (api-versions, long-running style, source) comes from the code; who was answered
and what was refused from a run of the tests (`sandbox_survey.json`); what was held against
recordings of real Azure from the replay (`tests/sandbox/replay/summary.json`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from reconciler.sandbox.arm import registry
from reconciler.sandbox.arm.ids import GROUPS
from reconciler.sandbox.arm.types import Lro, ResourceType, Route

ROOT = Path(__file__).resolve().parent.parent
SURVEY = json.loads((ROOT / "tools" / "sandbox_survey.json").read_text(encoding="utf-8"))
REPLAY = json.loads(
    (ROOT / "tests" / "sandbox" / "replay" / "summary.json").read_text(encoding="utf-8")
)
REPLAYED = {(row["type"], row["method"]): row for row in REPLAY["replayed"]}
BEGIN, END = "<!-- operations: make sandbox-table -->", "<!-- /operations -->"
HEAD = [
    "Operation",
    "Long-running",
    "Errors seen in the tests",
    "Answered in the tests",
    "Replayed",
]
LATE = {
    "Microsoft.Authorization/roleAssignments": "reads at once; takes effect after "
    "`role_propagation_s` (60 s of the sandbox's time)",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "reads at once; the principal is known to "
    "the directory after `directory_replication_s` (10 s of the sandbox's time)",
}
AT_ONCE = "reads follow writes at once, but for a `stale` fault"


def tables() -> str:
    """Return every table, one a resource type, then one a module with routes of its own."""
    sections = [section for module in _modules() for section in _sections(module)]
    return "\n\n".join(sections)


def _modules() -> Iterator[ModuleType]:
    for found in vars(registry).values():
        if isinstance(found, ModuleType):
            yield found


def _sections(module: ModuleType) -> Iterator[str]:
    for type_ in getattr(module, "TYPES", ()):
        rows = [_row(name, lro) for name, lro in _operations(type_)]
        yield _section(type_.type, _facts(type_, module), rows)
    routes: tuple[Route, ...] = getattr(module, "ROUTES", ())
    if routes:
        title = f"Other requests: {module.__name__.rsplit('.', 1)[-1]}"
        rows = [_row(f"{route.method} {route.template}", "-") for route in routes]
        yield _section(title, [f"Source: {_source(module)}"], rows)


def _operations(type_: ResourceType) -> Iterator[tuple[str, str]]:
    yield f"GET {type_.type}", "-"
    yield f"LIST {type_.type}", "-"
    yield f"HEAD {type_.type}", "-"
    if type_.can_put:
        create, update = _style(type_.create), _style(type_.update)
        yield f"PUT {type_.type}", create if create == update else f"{create}; update: {update}"
    if type_.can_patch:
        yield f"PATCH {type_.type}", _style(type_.update)
    if type_.can_delete:
        yield f"DELETE {type_.type}", _style(type_.delete)
    for action in type_.actions:
        yield f"POST {type_.type}/{action}", "-"


def _style(lro: Lro) -> str:
    return "-" if lro is Lro.SYNC else lro.value


def _facts(type_: ResourceType, module: ModuleType) -> list[str]:
    versions = ", ".join(f"`{version}`" for version in type_.versions)
    return [
        f"Api-versions: {versions}.",
        f"Consistency: {LATE.get(type_.type, AT_ONCE)}.",
        f"Source: {_source(module)}",
    ]


def _source(module: ModuleType) -> str:
    """Return what the module's docstring states as its source."""
    found = re.search(r"Sources?: (.+?)(?:\n\n|\Z)", module.__doc__ or "", re.DOTALL)
    return " ".join(found[1].split()) if found else "stated beside each rule in the code."


def _row(name: str, lro: str) -> list[str]:
    seen = SURVEY.get(name, {"clients": [], "errors": []})
    replayed = REPLAYED.get(_recorded_as(name))
    figure = f"{replayed['agreeing']} of {replayed['recorded']}" if replayed else "never"
    short = name.replace("Microsoft.MachineLearningServices", "…").replace(GROUPS, "resourceGroups")
    return [
        f"`{short}`",
        lro,
        ", ".join(seen["errors"]) or "-",
        ", ".join(seen["clients"]) or "by nobody",
        figure,
    ]


def _recorded_as(name: str) -> tuple[str, str]:
    """Return under which type and method the replay counts an operation."""
    method, _, path = name.partition(" ")
    if path.startswith(("/", "{")):
        namespace, _, rest = path.rpartition("/providers/")[2].partition("/")
        return namespace, f"{method} {rest}" if method == "POST" else method
    if method == "POST":
        type_, _, action = path.rpartition("/")
        return type_, f"POST {action}"
    return path, method


def _section(title: str, facts: list[str], rows: list[list[str]]) -> str:
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"### {title}\n\n" + "\n".join(f"{fact}  " for fact in facts) + f"\n\n{table}"


def put_into_the_page() -> None:
    """Replace the tables in docs/sandbox.md."""
    page = ROOT / "docs" / "sandbox.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    put_into_the_page()
