"""`reconcile doctor`: each thing that can stand in the way, broken at the network, is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import ExitCode
from tests.support.commands import attached, in_process, reconcile
from tests.support.controls import Controls, Pool

SPEC = Path("examples/smallest.yaml")
PERMISSIONS = "/Microsoft.Authorization/permissions"
METADATA = "^/metadata/endpoints"
OLD = "Sun, 01 Jan 2023 00:00:00 GMT"


@dataclass
class Clinic:
    """A folder with a spec, and the sandbox that it runs on."""

    folder: Path
    azure: Controls

    def breaks(self, path: str, **action: Any) -> None:
        self.azure.arm_fault(path=path, times=0, action=action)

    def found(self) -> tuple[int, dict[str, list[dict[str, str]]]]:
        """Return the exit code, and what was found by the name of its check."""
        ended = reconcile(self.folder, "doctor", "spec.yaml", "-o", "json")
        checks: dict[str, list[dict[str, str]]] = {}
        for check in json.loads(ended.stdout)["checks"]:
            checks.setdefault(check["check"], []).append(check)
        return ended.returncode, checks


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Iterator[Clinic]:
    with pool.lent() as server:
        folder = attached(tmp_path_factory.mktemp("doctor"), server)
        (folder / "spec.yaml").write_text(SPEC.read_text(encoding="utf-8"), encoding="utf-8")
        yield Clinic(folder, Controls(server))


@pytest.fixture
def clinic(shared: Clinic) -> Iterator[Clinic]:
    shared.azure.clear_journal()
    yield shared
    shared.azure.clear_faults()


def test_a_healthy_machine_is_told_so_in_a_line_each_and_nothing_is_written(
    clinic: Clinic,
) -> None:
    ended = reconcile(clinic.folder, "doctor", "spec.yaml")
    assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")
    rows = ended.stdout.splitlines()
    assert rows[-1] == "All is well."
    assert all(row.startswith("ok ") for row in rows[:-2])
    assert {row.split()[1] for row in rows[:-2]} >= {"sign-in", "rights", "clock", "network"}
    assert "blobs of workspace.storage_account: not created yet" in ended.stdout
    assert not [e for e in clinic.azure.entries(kind="arm") if e["method"] not in ("GET", "HEAD")]


def test_who_is_signed_in_is_told_and_no_secret(clinic: Clinic) -> None:
    server = clinic.azure.server
    ended = reconcile(clinic.folder, "doctor", "spec.yaml", "-v")
    assert server.tenant_id in ended.stdout
    assert server.client_secret not in ended.stdout + ended.stderr
    tokens = [e["response_body"] for e in clinic.azure.entries(kind="token")]
    sent = [str(body["access_token"]) for body in tokens if body and "access_token" in body]
    assert not [token for token in sent if token in ended.stdout + ended.stderr]


def test_a_clock_that_is_wrong_is_a_problem(clinic: Clinic) -> None:
    clinic.breaks(METADATA, status=200, headers={"Date": OLD})
    code, checks = clinic.found()
    (clock,) = checks["clock"]
    assert (code, clock["status"]) == (ExitCode.DENIED, "problem")
    assert "ahead of Azure's" in clock["summary"]
    assert "timedatectl" in clock["hint"]


def test_a_sign_in_that_is_refused_tells_the_code_of_entra_and_what_to_do(clinic: Clinic) -> None:
    said = {
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys are expired.",
        "error_codes": [7000222],
    }
    clinic.breaks("/oauth2/v2.0/token", status=401, body=said)
    code, checks = clinic.found()
    (signed_in,) = checks["sign-in"]
    assert (code, signed_in["status"]) == (ExitCode.DENIED, "problem")
    assert "AADSTS7000222" in signed_in["detail"]
    assert "az ad app credential reset" in signed_in["hint"]
    assert checks["rights"][0]["summary"] == "not checked"


def test_an_identity_without_any_right_is_a_problem(clinic: Clinic) -> None:
    denied = {"error": {"code": "AuthorizationFailed", "message": "no authorization to read"}}
    clinic.breaks(PERMISSIONS, status=403, body=denied)
    code, checks = clinic.found()
    (rights,) = checks["rights"]
    assert (code, rights["status"]) == (ExitCode.DENIED, "problem")
    assert rights["hint"]


@pytest.mark.parametrize(
    ("actions", "code", "status", "role"),
    [
        (["*/read"], ExitCode.OK, "warning", "`Contributor`"),
        (["Microsoft.Storage/*"], ExitCode.DENIED, "problem", "`Reader`"),
    ],
    ids=["a reader", "one who sees storage only"],
)
def test_what_an_identity_may_not_do_is_told_with_the_role_that_may(
    clinic: Clinic, actions: list[str], code: ExitCode, status: str, role: str
) -> None:
    entry = {"actions": actions, "notActions": [], "dataActions": [], "notDataActions": []}
    clinic.breaks(PERMISSIONS, status=200, body={"value": [entry]})
    ended, checks = clinic.found()
    (rights,) = checks["rights"]
    assert (ended, rights["status"]) == (code, status)
    assert role in rights["hint"]
    assert "Microsoft.MachineLearningServices/workspaces" in rights["summary"]


def test_a_host_that_does_not_answer_is_a_problem_and_the_rest_is_looked_at(
    clinic: Clinic,
) -> None:
    clinic.breaks(METADATA, drop=True)
    code, checks = clinic.found()
    assert code == ExitCode.UNAVAILABLE
    lost = [check for check in checks["network"] if check["status"] == "problem"]
    assert len(lost) == 1
    assert lost[0]["summary"].startswith("Azure Resource Manager: ")
    assert lost[0]["hint"]
    assert checks["clock"][0]["status"] == "warning"
    assert checks["rights"][0]["status"] == "ok"


def test_a_price_list_that_is_away_stops_nothing(clinic: Clinic) -> None:
    clinic.breaks("^/_prices", drop=True)
    code, checks = clinic.found()
    warned = [check["summary"] for check in checks["network"] if check["status"] == "warning"]
    assert code == ExitCode.OK
    assert len(warned) == 1
    assert warned[0].startswith("price list: ")


def test_the_hosts_of_resources_that_exist_are_asked(clinic: Clinic) -> None:
    assert reconcile(clinic.folder, "apply", "spec.yaml", "--yes").returncode == 0
    clinic.breaks("/_blob/", status=503)
    code, checks = clinic.found()
    (blobs,) = [check for check in checks["network"] if "blobs" in check["summary"]]
    assert (code, blobs["status"]) == (ExitCode.OK, "warning")
    assert "answers 503" in blobs["summary"]


def test_an_invalid_spec_is_told_as_every_command_tells_it(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("version: 2\n", encoding="utf-8")
    ended = in_process(tmp_path, "doctor", "spec.yaml", "-o", "json")
    assert ended.returncode == ExitCode.INVALID_SPEC
    assert json.loads(ended.stdout)["diagnostics"]


ALONE = {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", "NO_PROXY": "", "no_proxy": ""}


def test_a_proxy_that_is_down_is_named_without_its_password(tmp_path: Path) -> None:
    proxy = "http://somebody:pa55word@127.0.0.1:1"
    ended = in_process(tmp_path, "doctor", HTTPS_PROXY=proxy, https_proxy=proxy, **ALONE)
    assert ended.returncode in (ExitCode.DENIED, ExitCode.UNAVAILABLE)
    assert "cannot reach the proxy on the way to management.azure.com" in ended.stdout
    assert "pa55word" not in ended.stdout + ended.stderr


def test_a_bundle_of_authorities_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = in_process(tmp_path, "doctor", REQUESTS_CA_BUNDLE=str(tmp_path / "ca.pem"), **ALONE)
    assert ended.returncode in (ExitCode.DENIED, ExitCode.UNAVAILABLE)
    assert f"REQUESTS_CA_BUNDLE names {tmp_path / 'ca.pem'}, which is not there" in ended.stdout
