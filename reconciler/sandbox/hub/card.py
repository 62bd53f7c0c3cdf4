"""README.md of the hub's repositories: the YAML front matter that loaders read, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """What the card says of a split; sizes in bytes."""

    files: str
    examples: int
    size: int
    download_size: int


def ultrachat_card(splits: Mapping[str, SplitFacts]) -> str:
    """The card of the repository in the shape of ultrachat_200k's own."""
    data_files = "".join(
        f"  - split: {name}\n    path: {facts.files}\n" for name, facts in splits.items()
    )
    listed = "".join(
        f"  - name: {name}\n    num_bytes: {facts.size}\n    num_examples: {facts.examples}\n"
        for name, facts in splits.items()
    )
    table = "\n".join(f"| {name} | {facts.examples} |" for name, facts in splits.items())
    return _ULTRACHAT_CARD.format(
        data_files=data_files,
        listed=listed,
        table=table,
        size=sum(facts.size for facts in splits.values()),
        download_size=sum(facts.download_size for facts in splits.values()),
    )


_ULTRACHAT_CARD = """---
language:
- en
license: apache-2.0
size_categories:
- 1K<n<10K
task_categories:
- text-generation
pretty_name: Sandbox corpus in the schema of UltraChat 200k
configs:
- config_name: default
  data_files:
{data_files}dataset_info:
  features:
  - name: prompt
    dtype: string
  - name: prompt_id
    dtype: string
  - name: messages
    list:
    - name: content
      dtype: string
    - name: role
      dtype: string
  splits:
{listed}  download_size: {download_size}
  dataset_size: {size}
---

# Not UltraChat 200k

This is the **sandbox's own corpus**: short conversations written for the reconcile project and
generated from its tables of facts. It has the *schema* of `HuggingFaceH4/ultrachat_200k`
(columns, split names, file layout) and answers under that name and revision, so that real
download code runs without the internet. Not one row comes from the real data set. Its texts must
not be taken for the real data's content, licence or quality.

| split | conversations |
| --- | --- |
{table}

A row has `prompt` (the first question), `prompt_id` (SHA-256 of the prompt) and `messages`
(a list of `content` and `role`, two to six of them, user and assistant in turn).
"""

CHATS_CARD = """---
language:
- en
license: apache-2.0
configs:
- config_name: default
  data_files:
  - split: train
    path: train.jsonl
  - split: test
    path: test.jsonl
---

# Chats

A few conversations of the reconcile sandbox as plain JSON lines: one `{"messages": [...]}` a line,
no Parquet. It exists to exercise a repository of another layout.
"""
