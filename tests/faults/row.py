"""A row of the fault matrix, and the three states in which it can be."""

from dataclasses import dataclass, field

GREEN, PARTLY, OPEN = "green", "partly", "open"


@dataclass(frozen=True)
class Row:
    """One fault, what is known about it, and the tests that say so."""

    number: str
    fault: str
    state: str
    tests: tuple[str, ...] = ()
    lacks: str = field(default="")


def green(number, fault, *tests):
    return Row(number, fault, GREEN, tests)


def partly(number, fault, lacks, *tests):
    return Row(number, fault, PARTLY, tests, lacks)


def not_built(number, fault, reason):
    return Row(number, fault, OPEN, (), reason)
