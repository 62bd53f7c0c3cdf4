"""Whether a text is PromQL, and which series it reads: as much of the language as we ship.

Source: prometheus.io/docs/prometheus/latest/querying/basics and operators.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<duration>(?:\d+(?:ms|[smhdwy]))+)(?!\w)
    |(?P<name>[A-Za-z_:][\w:]*)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^><={}()\[\],]))""",
    re.VERBOSE,
)
AGGREGATES = {"sum", "min", "max", "avg", "count", "group", "stddev", "topk", "bottomk", "quantile"}
FUNCTIONS = {
    "time": 0, "vector": 1, "rate": 1, "increase": 1, "irate": 1, "histogram_quantile": 2,
    "abs": 1, "absent": 1, "clamp_min": 2, "max_over_time": 1, "changes": 1,
}  # fmt: skip
OPERATORS = (
    {"or"},
    {"and", "unless"},
    {"==", "!=", ">", "<", ">=", "<="},
    {"+", "-"},
    {"*", "/", "%"},
)
NEEDS_RANGE = {"rate", "increase", "irate", "max_over_time", "changes"}


@dataclass
class Query:
    """What an expression reads: series with the labels of their selectors, and groupings."""

    selectors: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    groupings: set[str] = field(default_factory=set)


def parse(text: str) -> Query:
    """Return what an expression reads. Raises `ValueError` for what is no PromQL."""
    parser = _Parser(_tokens(text))
    if parser.expression():
        raise ValueError("a range is nothing to show or to compare")
    if parser.kind:
        raise ValueError(f"{parser.text!r} is one too many in {text!r}")
    return parser.query


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text[at:]!r} is no PromQL")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


class _Parser:
    """Goes down the grammar; whether a part is a range is what each returns."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at, self.query = tokens, 0, Query()

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def text(self) -> str:
        return self._tokens[self._at][1] if self.kind else "the end"

    def take(self, wanted: str = "", kind: str = "") -> str:
        if not self.kind or (wanted and self.text != wanted) or (kind and self.kind != kind):
            raise ValueError(f"{wanted or kind} was expected, not {self.text!r}")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def expression(self, level: int = 0) -> bool:
        if level == len(OPERATORS):
            return self.unary()
        is_range = self.expression(level + 1)
        while self.kind in ("sign", "name") and self.text in OPERATORS[level]:
            self.take()
            if is_range | self.expression(level + 1):
                raise ValueError("an operator takes no range")
        return is_range

    def unary(self) -> bool:
        if self.text in ("-", "+") and self.kind == "sign":
            self.take()
        if self.kind == "number":
            return self.take() == ""
        if self.text == "(":
            self.take()
            is_range = self.expression()
            self.take(")")
            return is_range
        return self.named(self.take(kind="name"))

    def named(self, name: str) -> bool:
        if name in AGGREGATES:
            self.grouping()
            self.arguments(name, range(1, 3))
            self.grouping()
            return False
        if self.text == "(" and self.kind:
            if name not in FUNCTIONS:
                raise ValueError(f"{name} is no function that is known here")
            return self.arguments(name, range(FUNCTIONS[name], FUNCTIONS[name] + 1))
        return self.selector(name)

    def arguments(self, name: str, counts: range) -> bool:
        self.take("(")
        ranges = []
        while self.text != ")":
            if ranges:
                self.take(",")
            ranges.append(self.expression())
        self.take(")")
        if len(ranges) not in counts or any(ranges) is not (name in NEEDS_RANGE):
            raise ValueError(f"{name} takes other arguments")
        return False

    def grouping(self) -> None:
        if self.text in ("by", "without") and self.kind == "name":
            self.take()
            self.take("(")
            while self.text != ")":
                self.query.groupings.add(self.take(kind="name"))
                if self.text != ")":
                    self.take(",")
            self.take(")")

    def selector(self, name: str) -> bool:
        labels: list[str] = []
        if self.text == "{":
            self.take()
            while self.text != "}":
                labels.append(self.take(kind="name"))
                if self.take(kind="sign") not in ("=", "!=", "=~", "!~"):
                    raise ValueError("a label is compared by =, !=, =~ or !~")
                self.take(kind="string")
                if self.text != "}":
                    self.take(",")
            self.take("}")
        self.query.selectors.append((name, tuple(labels)))
        if self.text != "[":
            return False
        self.take()
        self.take(kind="duration")
        self.take("]")
        return True
