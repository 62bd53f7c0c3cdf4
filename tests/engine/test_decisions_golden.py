"""Every pair of wish and world, and what is decided about it: a file that people can review.

The table is complete: each combination of owner, phase, difference, request and policy, below
the decision that is taken. A change of the policy shows as a change of these lines.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from reconciler.diagnostics import Position
from reconciler.engine.decide import Policy, decide
from reconciler.engine.decisions import Change, Wait
from reconciler.engine.diff import Rules
from reconciler.engine.types import Observed, Owner, Phase, Resource
from reconciler.render.reason_text import detail_of, explanations, summary_of

RULES = Rules(
    immutable=frozenset({"properties.size"}),
    labels={"properties.size": "size", "properties.count": "instances"},
)
POLICIES = {
    "ordinary": Policy(RULES),
    "run": Policy(RULES, runs=True),
    "used as it is": Policy(RULES, uses_existing=True),
    "taken when equal": Policy(RULES, adopts=True),
    "made anew when failed": Policy(RULES, replaces_failed=True),
}
WORLDS = {
    "equal": {"size": 1, "count": 1},
    "count differs": {"size": 1, "count": 2},
    "size differs": {"size": 2, "count": 1},
}
WISH = Resource(
    "compute.gpu",
    "compute cluster",
    "/subscriptions/s/gpu",
    {},
    position=Position("spec.yaml", 7, 3),
    owner="mine",
)
DESIRED = {"properties": {"size": 1, "count": 1}}


def situations() -> Iterator[tuple[str, Change]]:
    """Every combination, with the words that name it."""
    for (policy, rules), adopt, protected in product(POLICIES.items(), (False, True), (None, True)):
        wish = replace(WISH, adopt=adopt, protected=protected)
        asked = [policy, *(["adopt"] if adopt else []), *(["protected"] if protected else [])]
        yield ", ".join([*asked, "absent"]), decide(wish, DESIRED, None, rules)
        for owner, phase, (world, found) in product(Owner, Phase, WORLDS.items()):
            seen = Observed(
                {"properties": found},
                owner=owner,
                owner_name="other" if owner is Owner.FOREIGN else "",
                phase=phase,
                message="quota exceeded" if phase is Phase.FAILED else "Creating",
            )
            name = ", ".join([*asked, owner.value, phase.value, world])
            yield name, decide(wish, DESIRED, seen, rules)


def is_wait(decision: object) -> bool:
    return isinstance(decision, Wait)


def told(change: Change) -> str:
    """Everything that a plan could show of a change."""
    parts = [change.action.value]
    waits = [d for d in (change.decision, getattr(change.decision, "of", None)) if is_wait(d)]
    if waits:
        parts.append("pending")
    parts += [f"{f.label}: {f.before} -> {f.after}" for f in change.fields]
    lines = list(explanations(change))
    parts += [f"reason: {lines.pop(0)}"] if change.reason else []
    parts += [f"note: {note}" for note in lines]
    for found in change.problems:
        parts += [f"BLOCKED {found.position}: {summary_of(found)}"]
        parts += [" | ".join(detail_of(found).splitlines())] if detail_of(found) else []
        parts += [f"hint: {found.hint}"]
    return " | ".join(parts)


def test_every_decision_is_the_reviewed_one(golden) -> None:
    decisions: dict[str, list[str]] = {}
    for name, change in situations():
        decisions.setdefault(told(change), []).append(name)
    text = "".join(f"{one}\n    " + "\n    ".join(names) + "\n" for one, names in decisions.items())
    golden("decisions.txt", text)


def test_a_change_always_carries_what_was_seen() -> None:
    """Without it apply could not tell that the world moved since the plan."""
    for name, change in situations():
        assert (change.observed is None) == name.endswith("absent")
        assert change.resource.address == "compute.gpu"
