"""How the loop signs in to a repository: with a token in a file, as a GitHub App, through Entra ID."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud.endpoints import Cloud
from reconciler.diagnostics import UnavailableError
from reconciler.gitops.git.sign_in import api_of
from reconciler.gitops.git.source import GitSource
from reconciler.secrets import SENSITIVE, scrub
from tests.gitops.conftest import Sources
from tests.support.azure import Azure
from tests.support.git_server import GitServer


@pytest.fixture
def private(azure: Azure, forge: GitServer) -> GitServer:
    del forge  # empties the sandbox
    found = GitServer(azure, "acme/secret", private=True)
    azure.control("POST", "settings", {"forge": 1})
    found.commit({"a": "1"})
    return found


def told(error: UnavailableError) -> str:
    found = error.diagnostics[0]
    return f"{found.summary}; {found.detail}; {found.hint}"


def app(azure: Azure, folder: Path, **words: Any) -> dict[str, Any]:
    """Install an App on the repository, and return credentials for it."""
    body = {"op": "app", "login": "loop", "permissions": {"contents": "read"}, **words}
    made = json.loads(azure.control("POST", "forge", body))
    (folder / "app.pem").write_text(made["key"])
    names = ("app_id", "installation_id")
    return {"github_app": {**{n: made[n] for n in names}, "key_file": str(folder / "app.pem")}}


def test_a_private_repository_says_nothing_to_nobody(private: GitServer, source: Sources) -> None:
    with pytest.raises(UnavailableError, match="does not let us in"):
        source(url=private.url).latest()


def test_a_token_is_read_anew_each_time(
    private: GitServer, source: Sources, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    looked = source(url=private.url, credentials={"token_file": str(file)})
    with pytest.raises(UnavailableError, match="cannot sign in") as caught:
        looked.latest()
    assert str(file) in told(caught.value)
    file.write_text(private.token("ann") + "\n")
    assert looked.latest().revision.ref == "main"
    file.write_text("expired-token-of-somebody")
    with pytest.raises(UnavailableError, match="does not let us in") as caught:
        looked.latest()
    assert "expired-token" not in told(caught.value)


def test_an_app_asks_for_one_token_and_for_no_more_than_reading(
    private: GitServer, source: Sources, azure: Azure, tmp_path: Path
) -> None:
    credentials = app(azure, tmp_path, repositories=["acme/secret"])
    looked = source(url=private.url, credentials=credentials)
    assert looked.latest().revision == looked.latest().revision
    sent = [one for one in azure.entries(kind="forge") if "access_tokens" in one["path"]]
    assert [one["status"] for one in sent] == [201]
    assert sent[0]["request_body"] == {"permissions": {"contents": "read"}}


def test_a_token_that_is_refused_is_asked_for_again(
    private: GitServer, source: Sources, azure: Azure, tmp_path: Path
) -> None:
    looked = source(url=private.url, credentials=app(azure, tmp_path))
    looked.latest()
    azure.control("POST", "forge", {"op": "expire", "token": token_of(looked)})
    with pytest.raises(UnavailableError, match="does not let us in") as caught:
        looked.latest()
    assert token_of(looked) == "" and "ghs_" not in told(caught.value)
    assert looked.latest().revision.ref == "main"


def token_of(looked: GitSource) -> str:
    return str(looked._remote._sign_in._token)  # type: ignore[attr-defined]


def test_a_token_is_renewed_before_it_ends(
    private: GitServer, source: Sources, azure: Azure, tmp_path: Path
) -> None:
    looked = source(url=private.url, credentials=app(azure, tmp_path))
    looked.latest()
    first = token_of(looked)
    looked._remote._sign_in._good_until -= 3001  # type: ignore[attr-defined]
    looked.latest()
    assert token_of(looked) not in ("", first)


def test_no_token_of_a_repository_is_in_any_output(
    private: GitServer, source: Sources, azure: Azure, tmp_path: Path
) -> None:
    looked = source(url=private.url, credentials=app(azure, tmp_path))
    looked.latest()
    header = looked._remote._sign_in.header()
    for text in (token_of(looked), header.removeprefix("Basic ")):
        assert scrub(f"it said {text} here") == f"it said {SENSITIVE} here"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"app_id": 999}, "Integration not found"),
        ({"installation_id": 999}, "Not Found"),
        ({"key_file": "/nonexistent.pem"}, "the key in /nonexistent.pem cannot be read"),
    ],
)
def test_an_app_that_cannot_sign_in_is_told(
    private: GitServer,
    source: Sources,
    azure: Azure,
    tmp_path: Path,
    change: dict[str, Any],
    words: str,
) -> None:
    credentials = app(azure, tmp_path)
    credentials["github_app"] |= change
    with pytest.raises(UnavailableError) as caught:
        source(url=private.url, credentials=credentials).latest()
    assert words in told(caught.value)


def test_a_key_that_is_none_is_told_without_it(
    private: GitServer, source: Sources, azure: Azure, tmp_path: Path
) -> None:
    credentials = app(azure, tmp_path)
    key = (tmp_path / "app.pem").read_text()
    (tmp_path / "app.pem").write_text(key.replace("RSA PRIVATE", "WRONG"))
    with pytest.raises(UnavailableError, match="holds no private key") as caught:
        source(url=private.url, credentials=credentials).latest()
    assert not any(line in told(caught.value) for line in key.splitlines())


def test_an_app_has_no_more_rights_than_it_was_given(
    private: GitServer, source: Sources, azure: Azure, tmp_path: Path
) -> None:
    credentials = app(azure, tmp_path, permissions={"statuses": "write"})
    with pytest.raises(UnavailableError) as caught:
        source(url=private.url, credentials=credentials).latest()
    assert "The permissions requested are not granted" in told(caught.value)


def test_azure_devops_takes_the_identity_of_the_loop(azure: Azure, source: Sources) -> None:
    server = GitServer(azure, "acme/plans/ml", private=True)
    sha = server.commit({"a": "1"})
    looked = source(url=server.url, credentials={"azure_devops": "workload_identity"})
    assert looked.latest().revision.commit == sha
    elsewhere = GitServer(azure, "acme/other", private=True)
    with pytest.raises(UnavailableError, match="does not let us in"):
        source(url=elsewhere.url, credentials={"azure_devops": "workload_identity"}).latest()


def test_where_githubs_api_is() -> None:
    assert api_of("https://github.com/acme/ml.git", Cloud()) == "https://api.github.com"
    assert api_of("https://git.acme.com/a/b", Cloud()) == "https://git.acme.com/api/v3"
