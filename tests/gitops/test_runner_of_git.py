"""The loop over a repository whose refs vanish, whose history changes, whose server is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.gitops.config_source import SourceConfig
from reconciler.gitops.git.source import GitSource
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.gitops.records import ConditionType
from tests.support.git_server import GitServer
from tests.support.one_spec import CLUSTER, FILE, NAME, OneSpec, reason
from tests.support.virtual_loop import VirtualLoop

NODES = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 7}}}}
MINUTE = 60


class Repository:
    """The spec that is kept already, in a repository: its first commit is the applied one."""

    def __init__(self, kept: OneSpec, folder: Path) -> None:
        self.kept, self.git = kept, GitServer(kept.azure)
        self.signers = folder / "allowed_signers"
        self.signers.write_text(str(self.git.do("signer", name="ann")["public"]))
        self.text = kept.file.read_text("utf-8")
        self.applied = self.commit(2)
        kept.tag(f"reconcile-revision.{NAME}", f"main@sha1:{self.applied}")
        self._sources: list[GitSource] = []

    def commit(self, nodes: int, **words: Any) -> str:
        text = self.text.replace("max_instances: 2", f"max_instances: {nodes}")
        return self.git.commit({FILE: text}, **{"sign": "ann", **words})

    def loop(self) -> VirtualLoop:
        verify = {"mode": "head", "allowed_signers": str(self.signers)}
        stated = {"url": self.git.url, "verify": verify, "timeout": "10s"}
        config = SourceConfig.model_validate(stated)
        self._sources.append(GitSource(config, self.kept.azure.process))
        made = VirtualLoop(self.kept, self._sources[-1], defaults={"drift": "correct"})
        made.keep(11 * MINUTE)
        return made

    def writes(self) -> int:
        """Return how many requests to Azure changed something."""
        sent = self.kept.azure.entries(kind="arm")
        return sum(one["method"] not in ("GET", "HEAD") and one["committed"] for one in sent)

    def close(self) -> None:
        for source in self._sources:
            source.close()


@pytest.fixture
def repository(kept: OneSpec, tmp_path: Path) -> Iterator[Repository]:
    found = Repository(kept, tmp_path)
    yield found
    found.close()


def stalled(loop: VirtualLoop, minutes: int = 12) -> set[Reason]:
    return {reason(end, ConditionType.STALLED) for end in loop.keep(minutes * MINUTE)}


def test_what_is_pushed_is_applied_and_a_server_that_is_away_stops_nothing(
    repository: Repository,
) -> None:
    loop = repository.loop()
    assert repository.writes() == 0
    repository.commit(3)
    loop.keep(2 * MINUTE)
    assert repository.kept.nodes() == 3
    repository.git.do("behave", behavior="unavailable")
    repository.kept.drift(CLUSTER, NODES)
    loop.keep(12 * MINUTE)
    assert repository.kept.nodes() == 3
    assert [e.reason for e in loop.heard.events if not e.spec] == [Reason.SOURCE_UNAVAILABLE]
    repository.git.do("behave", behavior="normal")
    loop.keep(2 * MINUTE)
    assert [e.reason for e in loop.heard.events if not e.spec][-1] is Reason.RECOVERED


def test_a_history_that_was_rewritten_and_a_ref_that_is_gone_write_nothing(
    repository: Repository,
) -> None:
    loop = repository.loop()
    other = repository.commit(9, branch="other", parent="")
    repository.git.do("set-ref", ref="refs/heads/main", sha=other)
    assert stalled(loop) == {Reason.REWOUND_HISTORY}
    repository.git.do("delete-ref", ref="refs/heads/main")
    assert stalled(loop) == {Reason.REWOUND_HISTORY}
    assert repository.kept.nodes() == 2 and repository.writes() == 0
    repository.git.do("set-ref", ref="refs/heads/main", sha=repository.applied)
    repository.commit(4)
    loop.keep(12 * MINUTE)
    assert repository.kept.nodes() == 4


def test_an_older_commit_and_one_that_nobody_signed_are_not_applied(
    repository: Repository,
) -> None:
    loop = repository.loop()
    repository.commit(3)
    loop.keep(2 * MINUTE)
    repository.commit(5, sign="")
    repository.kept.drift(CLUSTER, NODES)
    assert stalled(loop) == {Reason.NOT_VERIFIED}
    assert repository.kept.nodes() == 3
    repository.git.do("set-ref", ref="refs/heads/main", sha=repository.applied)
    repository.kept.azure.clear_journal()
    assert stalled(loop) == {Reason.REWOUND_HISTORY}
    assert repository.kept.nodes() == 3 and repository.writes() == 0
