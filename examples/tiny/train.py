"""Train a tiny model: which answer fits a question, by its words. Nothing but Python is needed."""

import argparse
import json
import math
import random
import re
from pathlib import Path


def words_of(text: str) -> list[str]:
    """Return the words of a text, each once."""
    return sorted(set(re.findall(r"[a-z0-9]+", text.lower())))


def pairs_of(path: str) -> list[tuple[list[str], str]]:
    """Return the words of each question with the answer that it got."""
    found = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        said = {one["role"]: one["content"] for one in json.loads(line)["messages"]}
        found.append((words_of(said["user"]), said["assistant"]))
    return found


def scores_of(weights: list[dict[str, float]], words: list[str]) -> list[float]:
    """Return how likely each answer is."""
    raw = [sum(row.get(word, 0.0) for word in words) for row in weights]
    top = max(raw)
    grown = [math.exp(one - top) for one in raw]
    return [one / sum(grown) for one in grown]


def trained(
    pairs: list[tuple[list[str], str]], epochs: int, rate: float
) -> tuple[list[str], list[dict[str, float]]]:
    """Return the answers, and for each the weight of every word: softmax regression by SGD."""
    answers = sorted({answer for _, answer in pairs})
    weights: list[dict[str, float]] = [{} for _ in answers]
    order = random.Random(7)
    for epoch in range(epochs):
        loss = 0.0
        for words, answer in order.sample(pairs, len(pairs)):
            scores = scores_of(weights, words)
            loss -= math.log(scores[answers.index(answer)])
            for row, score, known in zip(weights, scores, answers, strict=True):
                for word in words:
                    row[word] = row.get(word, 0.0) + rate * ((known == answer) - score)
        print(f"epoch {epoch + 1} loss {loss / len(pairs):.4f}", flush=True)
    return answers, weights


def main() -> None:
    """Read the rows, train, and write the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--out", required=True)
    given = parser.parse_args()
    pairs = pairs_of(given.rows)
    answers, weights = trained(pairs, given.epochs, 0.5)
    right = sum(
        answers[max(range(len(answers)), key=scores_of(weights, w).__getitem__)] == a
        for w, a in pairs
    )
    print(f"accuracy {right / len(pairs):.2f} on {len(pairs)} rows")
    model = {"answers": answers, "weights": weights}
    (Path(given.out) / "model.json").write_text(json.dumps(model), encoding="utf-8")


if __name__ == "__main__":
    main()
