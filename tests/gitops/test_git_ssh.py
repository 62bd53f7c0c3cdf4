"""The loop reads a repository over SSH: with its key, from a host that is known, and in time."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dulwich.repo import MemoryRepo
from pydantic import ValidationError

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud
from reconciler.diagnostics import UnavailableError
from reconciler.gitops.config_source import SourceConfig
from reconciler.gitops.git.source import GitSource
from reconciler.sandbox.git import commits
from tests.support.ssh_git import Noise, SshGit, new_key

Made = Callable[..., GitSource]


def repository() -> tuple[MemoryRepo, list[str]]:
    repo, shas = MemoryRepo(), [""]
    for text in ("MQ==", "Mg=="):
        who = commits.Who("ann", 1_700_000_000, None)
        shas.append(commits.commit(repo, {"a": text}, who, parent=shas[-1], message="Change"))
    repo.refs[b"refs/heads/main"] = shas[-1].encode()  # type: ignore[index, assignment]
    return repo, shas[1:]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshGit]:
    found = SshGit(tmp_path, repository()[0])
    yield found
    found.close()


@pytest.fixture
def ssh_source() -> Iterator[Made]:
    made: list[GitSource] = []
    with Azure(Cloud()) as azure:

        def run(server: SshGit, **words: Any) -> GitSource:
            stated = {"url": server.url, "credentials": server.credentials, **words}
            made.append(GitSource(SourceConfig.model_validate(stated), azure))
            return made[-1]

        yield run
    for one in made:
        one.close()


def test_a_repository_is_read_over_ssh(server: SshGit, ssh_source: Made) -> None:
    _, shas = repository()
    looked = ssh_source(server)
    tree = looked.latest()
    assert tree.revision.commit == shas[1]
    assert (tree.folder / "a").read_text() == "2"
    assert looked.descends(shas[1], shas[0]) is True
    assert set(server.commands) == {"git-upload-pack '/acme/ml.git'"}


@pytest.mark.parametrize("known", ["", "[127.0.0.1]:1 ssh-rsa AAAA\n"])
def test_a_host_that_is_not_known_is_sent_nothing(
    server: SshGit, ssh_source: Made, tmp_path: Path, known: str
) -> None:
    (tmp_path / "known_hosts").write_text(known)
    with pytest.raises(UnavailableError, match=r"the key of 127\.0\.0\.1 is not known"):
        ssh_source(server).latest()
    assert server.commands == []


def test_a_host_with_another_key_is_sent_nothing(
    server: SshGit, ssh_source: Made, tmp_path: Path
) -> None:
    other = new_key(tmp_path / "other")
    line = f"[127.0.0.1]:{server.port} ssh-ed25519 {other.get_base64()}\n"
    (tmp_path / "known_hosts").write_text(line)
    with pytest.raises(UnavailableError, match="another key than the known one"):
        ssh_source(server).latest()
    assert server.commands == []


def test_a_key_that_is_not_let_in_is_told(server: SshGit, ssh_source: Made, tmp_path: Path) -> None:
    new_key(tmp_path / "id")
    with pytest.raises(UnavailableError, match="does not let us in") as caught:
        ssh_source(server).latest()
    assert "key_file" in caught.value.diagnostics[0].hint
    (tmp_path / "id").unlink()
    with pytest.raises(UnavailableError, match="cannot be read"):
        ssh_source(server).latest()
    (tmp_path / "id").write_text("no key\n")
    with pytest.raises(UnavailableError, match=r"no connection to 127\.0\.0\.1: not a valid"):
        ssh_source(server).latest()
    (tmp_path / "known_hosts").write_text("host ssh-rsa !!!\n")
    with pytest.raises(UnavailableError, match=r"is malformed|is not known"):
        ssh_source(server).latest()


def test_a_host_that_says_nothing_is_not_waited_for(tmp_path: Path, ssh_source: Made) -> None:
    silent = SshGit(tmp_path, MemoryRepo(), silent=True)
    try:
        with pytest.raises(UnavailableError, match="did not answer within 1 s"):
            ssh_source(silent, timeout="1s").latest()
    finally:
        silent.close()


@pytest.mark.parametrize(
    "stated",
    [
        {"url": "ssh://git@host/a.git"},
        {"url": "ssh://git@host/a.git", "credentials": {"token_file": "t"}},
        {"url": "https://h/a", "credentials": {"ssh": {"key_file": "k", "known_hosts": "h"}}},
        {"url": "git://host/a.git"},
        {"url": "file:///etc"},
        {"url": "ext::sh -c id"},
        {"url": "https://user:pass@host/a.git"},
    ],
)
def test_only_https_with_tokens_and_ssh_with_keys_are_addresses(stated: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SourceConfig.model_validate(stated)


@pytest.mark.parametrize("seed", range(12))
def test_a_host_that_does_not_speak_ssh_is_told(
    server: SshGit, ssh_source: Made, seed: int
) -> None:
    chance = random.Random(seed)
    beginning = (b"", b"SSH-2.0-x\r\n", b"SSH-1.5-x\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with Noise(beginning[seed % 4] + chance.randbytes(2000)) as port:
        looked = ssh_source(server, url=f"ssh://git@127.0.0.1:{port}/acme/ml.git", timeout="5s")
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1"):
            looked.latest()
    timers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    for timer in timers:
        timer.join(4)  # it was cancelled, or waits for longer than this
    assert not any(timer.is_alive() for timer in timers)
