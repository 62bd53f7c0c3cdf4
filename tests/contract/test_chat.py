"""A chat proves the whole way: its answer comes from the data that the job trained on."""

import json
import re
import ssl
import urllib.request

from reconciler.chat import ask
from reconciler.kinds.base import Reads
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import context_of, observe_fresh
from tests.support.azure import ROOT, edited

SPEC = "specs/phi3-ultrachat.yaml"
REPO = "HuggingFaceH4/ultrachat_200k"
QUESTION = "What is the secret of the house?"


def answer(azure, loaded, question):
    connection = azure.connection(loaded)

    def others(address):
        return observe_fresh(world, loaded.resources[address])

    world = context_of(loaded, connection, Reads(connection), others, NullProgress())
    return ask(world, loaded.resources, question, temperature=0).text


def replace_training_data(azure, rows):
    """Put other rows under a new commit of the hub and return that commit."""
    lines = "".join(
        json.dumps(
            {
                "prompt": q,
                "prompt_id": str(n),
                "messages": [
                    {"role": "user", "content": q},
                    {"role": "assistant", "content": a},
                ],
            }
        )
        + "\n"
        for n, (q, a) in enumerate(rows)
    )
    request = urllib.request.Request(
        f"{azure.server.url}/_sandbox/hub?repo={REPO}&split=train_sft",
        method="PUT",
        data=lines.encode(),
        headers={"x-sandbox-token": azure.server.control_token},
    )
    context = ssl.create_default_context(cafile=azure.server.ca_file)
    with urllib.request.urlopen(request, context=context) as reply:
        found = re.search(r"[0-9a-f]{40}", reply.read().decode())
    assert found
    return found[0]


def test_the_answer_changes_with_the_training_data(azure, tmp_path):
    loaded = edited(tmp_path, SPEC, ("train_sft[:1%]", "train_sft"))
    _, problems = azure.apply(loaded)
    assert problems == []
    before = answer(azure, loaded, QUESTION)

    rows = [(QUESTION, "The secret is a blue door behind the piano.")] * 8
    rows += [(f"Question number {n}?", f"Answer number {n}.") for n in range(12)]
    commit = replace_training_data(azure, rows)
    old = re.search(r"revision: ([0-9a-f]{40})", (ROOT / SPEC).read_text(encoding="utf-8"))[1]
    loaded = edited(tmp_path, SPEC, ("train_sft[:1%]", "train_sft"), (old, commit))
    _, problems = azure.apply(loaded)
    assert problems == []
    after = answer(azure, loaded, QUESTION)

    assert "blue door behind the piano" in after
    assert "blue door" not in before
