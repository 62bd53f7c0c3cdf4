"""The sandbox's stand-in for a model: the answer of the nearest training question.

Cosine of tf-idf vectors. A turn is known by its own words and, with less weight, by what the
user said before it, so that "and its capital?" finds the turn of the right conversation.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EARLIER_TURN_WEIGHT = 0.5
Weights = dict[str, float]
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Found:
    """A training turn: line of its conversation in the file (from 1), question, answer, cosine."""

    line: int
    question: str
    answer: str
    score: float


class AnswerIndex:
    """Every user turn of the training conversations with the reply that follows it."""

    def __init__(self, conversations: Iterable[tuple[int, Sequence[dict[str, str]]]]) -> None:
        self._turns: list[tuple[int, str, str]] = []
        counts: list[Weights] = []
        for line, messages in conversations:
            earlier: list[str] = []
            for message, reply in itertools.pairwise(messages):
                if message["role"] == "user" and reply["role"] == "assistant":
                    self._turns.append((line, message["content"], reply["content"]))
                    counts.append(_words(message["content"], earlier))
                    earlier.append(message["content"])
        self._rarity = _rarity(counts)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, words in enumerate(counts):
            for word, weight in self._vector(words).items():
                self._postings[word].append((number, weight))

    def nearest(self, user_turns: Sequence[str]) -> Found | None:
        """The nearest training turn; the first one of equals; None without a common word."""
        query = self._vector(_words(user_turns[-1], user_turns[:-1]))
        scores: dict[int, float] = defaultdict(float)
        for word, weight in query.items():
            for number, other in self._postings.get(word, ()):
                scores[number] += weight * other
        if not scores:
            return None
        best = min(scores, key=lambda number: (-round(scores[number], 9), number))
        return Found(*self._turns[best], round(scores[best], 4))

    def _vector(self, words: Weights) -> Weights:
        weights = {
            word: count * self._rarity[word]
            for word, count in sorted(words.items())
            if word in self._rarity
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {word: weight / length for word, weight in weights.items()} if length else {}


def read_conversations(content: bytes) -> Iterable[tuple[int, list[dict[str, str]]]]:
    """(line number, messages) of a JSON lines file that the job has already checked."""
    for line, text in enumerate(content.decode().splitlines(), start=1):
        if text.strip():
            yield line, json.loads(text)["messages"]


def _words(text: str, earlier: Sequence[str]) -> Weights:
    words: Weights = defaultdict(float)
    for word in _WORD.findall(text.lower()):
        words[word] += 1
    for turn in earlier:
        for word in _WORD.findall(turn.lower()):
            words[word] += EARLIER_TURN_WEIGHT
    return words


def _rarity(counts: Sequence[Weights]) -> Weights:
    seen: Counter[str] = Counter()
    for words in counts:
        seen.update(words.keys())
    return {word: math.log((len(counts) + 1) / (count + 0.5)) for word, count in seen.items()}
