"""A git server on a bad day is an error with words and an end; nothing goes to another host."""

from __future__ import annotations

import pytest

from reconciler.diagnostics import Diagnostic, UnavailableError
from reconciler.gitops.git import remote
from tests.gitops.conftest import Sources
from tests.support.git_server import GitServer


def told(error: UnavailableError) -> Diagnostic:
    (found,) = error.diagnostics
    return found


@pytest.mark.parametrize(
    ("behavior", "what", "hint"),
    [
        ("slow", "did not answer within 1 s", "source.timeout"),
        ("huge", "did not answer within 1 s|sent more than", ""),
        ("garbage", "did not answer as a git server does", "source.url"),
        ("redirect", "sends us elsewhere", "https://git.elsewhere.test/acme/ml.git"),
        ("unauthorized", "does not let us in", "source.credentials"),
        ("unavailable", "cannot answer now", "next poll"),
    ],
)
def test_a_server_on_a_bad_day_is_told_and_asked_again(
    forge: GitServer, source: Sources, behavior: str, what: str, hint: str
) -> None:
    sha = forge.commit({"a": "1"})
    forge.do("behave", behavior=behavior)
    looked = source(timeout="1s")
    with pytest.raises(UnavailableError, match=what) as caught:
        looked.latest()
    assert hint in told(caught.value).hint
    forge.do("behave", behavior="normal")
    assert looked.latest().revision.commit == sha


def test_an_answer_without_an_end_is_told_as_too_large(
    forge: GitServer, source: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told as no git server's wherever the bytes came before the time was up."""
    monkeypatch.setattr(remote, "GIT_PACK_BYTES", 1 << 20)
    forge.commit({"a": "1"})
    forge.do("behave", behavior="huge")
    with pytest.raises(
        UnavailableError, match=r"is too large: it sent more than \d+ MiB"
    ) as caught:
        source(timeout="60s").latest()
    assert "a repository of their own" in told(caught.value).hint


def test_nobody_there_is_told(forge: GitServer, source: Sources) -> None:
    looked = source(url="https://127.0.0.1:9/acme/ml.git")
    with pytest.raises(UnavailableError, match=r"cannot reach 127\.0\.0\.1:9"):
        looked.latest()


def test_a_repository_that_is_not_there_is_told(forge: GitServer, source: Sources) -> None:
    looked = source(url=forge.url.replace("acme/ml", "acme/other"))
    with pytest.raises(UnavailableError, match="no such repository") as caught:
        looked.latest()
    assert "source.url" in told(caught.value).hint
