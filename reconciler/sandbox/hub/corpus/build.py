"""All tables in one order that mixes the subjects."""

from __future__ import annotations

import hashlib

from reconciler.sandbox.hub.conversation import Conversation
from reconciler.sandbox.hub.corpus import (
    azureml,
    computing,
    culture,
    garden,
    geography,
    kitchen,
    language,
    life,
    nature,
)

SUBJECTS = (azureml, computing, culture, garden, geography, kitchen, language, life, nature)


def conversations() -> list[Conversation]:
    """The whole corpus; each first question comes once, and the order is fixed."""
    every = [
        conversation
        for subject in SUBJECTS
        for table in subject.TABLES
        for conversation in table.conversations()
    ]
    unique = {conversation.question: conversation for conversation in every}
    return sorted(unique.values(), key=_shuffled)


def _shuffled(conversation: Conversation) -> str:
    return hashlib.sha256(conversation.question.encode()).hexdigest()
