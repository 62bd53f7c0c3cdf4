"""Requests carry our token, whatever `requests` would find in the home of who runs us."""

import pytest

from tests.cloud.clients import READS
from tests.cloud.conftest import GROUP, Reply, arm_error

PASSWORD = "s3cret-of-netrc"


@pytest.fixture
def netrc(tmp_path, monkeypatch):
    """A password for the host that answers as Azure, as ~/.netrc holds those of others."""
    file = tmp_path / ".netrc"
    file.write_text(f"machine 127.0.0.1 login me password {PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("name", READS)
def test_no_password_of_netrc_takes_the_place_of_the_token(azure, connect, name):
    azure.answers(Reply(403, {}, arm_error("Denied", "not for you")))
    connection = connect()
    connection.azure.session.trust_env = True  # as it is where Azure is not the sandbox
    with pytest.raises(Exception, match=r"not for you|Forbidden"):
        READS[name](connection)
    (seen,) = azure.seen
    assert seen.headers["authorization"].split()[0] in ("Bearer", "SharedKey")


def test_a_header_of_the_request_takes_the_place_of_the_sessions_own(azure, connect):
    azure.answers(Reply(body={}), Reply(body={}))
    session, url = connect().azure.session, f"{connect().cloud.resource_manager}{GROUP}"
    session.get(url, headers={"user-agent": "another", "Accept-Encoding": None}, timeout=10)
    session.get(url, timeout=10)
    changed, usual = (seen.headers for seen in azure.seen)
    assert changed["user-agent"] == "another"
    assert usual["user-agent"].startswith("reconcile/") and usual["accept-encoding"] != "identity"
    assert changed["accept-encoding"] == "identity"  # http.client's own, where nobody says one
