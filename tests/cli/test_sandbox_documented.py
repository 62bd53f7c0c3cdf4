"""What docs/sandbox.md tells a reader to paste does what it says."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.cli.sandbox_controls import ask
from reconciler.diagnostics import ExitCode
from reconciler.sandbox.launch import find
from reconciler.sandbox.rehearsals import REHEARSALS
from tests.faults.seed import sampled
from tests.support.controls import Controls

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
LINES = re.findall(r"(?m)^\$ (.+)$", TEXT)
STARTS = ("serve", "eval", "rehearse", "secret")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The URL of the sandbox that the page begins with, and where it was started."""
    folder = tmp_path_factory.mktemp("serving")
    shutil.copytree(ROOT / "specs", folder / "specs")
    shutil.copy(ROOT / "examples" / "smallest.yaml", folder / "specs" / "chat.yaml")
    words = [sys.executable, "-m", "reconciler", "sandbox", "serve"]
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "home")}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], folder
        process.terminate()


@pytest.fixture
def served(serving: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> str:
    """That sandbox, empty; the working directory is where it was started."""
    url, folder = serving
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "home"))
    Controls(find(url)).empty("auto")
    return url


def pasted() -> Iterator[list[str]]:
    """The commands of the page, in its order, with its shell variable put in."""
    variables: dict[str, str] = {}
    for line in LINES:
        name, sign, value = line.partition("=")
        if sign and name.isidentifier():
            variables[name] = value
            continue
        for variable, text in variables.items():
            line = line.replace(f"${variable}", text)
        yield shlex.split(line.rpartition("| ")[2].partition(" > ")[0])


def test_every_example_can_be_pasted(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [words for words in pasted() if not set(STARTS).intersection(words[:3])]
    assert len(commands) > 25
    commit = ""
    for words in commands:
        assert words[:2] == ["reconcile", "sandbox"]
        code = main([commit if word == "COMMIT" else word for word in words[1:]])
        said = capsys.readouterr()
        assert code == ExitCode.OK, f"{' '.join(words)}\n{said.err}"
        commit = next(iter(re.findall(r"\b[0-9a-f]{40}\b", said.out)), commit)


@pytest.mark.parametrize(("typed", "kept"), [("from~stdin+1", "from~stdin+1"), ("a\nb\n", "a\nb")])
def test_a_secret_comes_on_standard_input(
    served: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    kept: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert main(["sandbox", "secret", "papers-kv", "api-key"]) == ExitCode.OK
    documents = ask(find(served), "GET", "snapshot")["documents"]
    held = {key: json.loads(text) for _, key, text in documents}
    assert held["papers-kv/api-key"]["versions"][0]["value"] == kept
    assert typed not in "".join(capsys.readouterr())


@pytest.mark.skipif(not shutil.which("curl"), reason="the example is for curl")
def test_the_secret_of_the_example_is_in_the_vault(served: str) -> None:
    server = find(served)
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": server.tenant_id, "sku": sku, "enableRbacAuthorization": True}
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/papers-kv"
    for id_, more in ((group, {}), (vault, {"properties": properties})):
        body = {"location": "eastus", **more}
        ask(server, "POST", "drift", {"op": "put", "id": id_, "body": body})
    script = re.search(r"(?s)```sh\n(.+?)```", TEXT.split("## Put a secret into a vault")[1])
    assert script
    reconcile = f'reconcile() {{ {shlex.quote(sys.executable)} -m reconciler "$@"; }}\n'
    values = {"VAULT": "papers-kv", "NAME": "api-key", "SECRET": "from~the+example/1"}
    words = ["bash", "-euo", "pipefail", "-c", reconcile + script[1]]
    subprocess.run(words, check=True, env={**os.environ, **values}, timeout=60)
    held = {key: json.loads(text) for _, key, text in ask(server, "GET", "snapshot")["documents"]}
    assert held["papers-kv/api-key"]["versions"][0]["value"] == "from~the+example/1"


def test_every_control_has_an_example() -> None:
    from reconciler.cli.sandbox_verbs import VERBS

    shown = {words[2] for words in pasted() if words[:2] == ["reconcile", "sandbox"]}
    assert shown | {"env"} == set(VERBS)


def test_every_rehearsal_is_named() -> None:
    section = TEXT.split("## Rehearse")[1].split("##")[0]
    assert all(f"`{name}`" in section for name in REHEARSALS)


def test_a_fault_of_the_command_line_is_the_fault_that_is_armed(
    served: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "--method PUT --path x --nth 2 --times 3 --when after --status 429 --body {}"
    code = main(["sandbox", "faults", "add", *words.split(), "--header", "Retry-After: 7"])
    assert code == ExitCode.OK
    armed = ask(find(served), "GET", "faults")["value"]
    assert armed == [
        {
            "id": 1,
            "method": "PUT",
            "path": "x",
            "nth": 2,
            "times": 3,
            "when": "after",
            "seed": 0,
            "seen": 0,
            "action": {"status": 429, "headers": {"Retry-After": "7"}, "body": {}},
        }
    ]
    assert "PUT x: status 429" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("faults add --status 503 --drop", "needs an action with one of"),
        ("faults add --path ( --drop", "is not a regular expression"),
        ("faults add --status 503 --body {", "is not JSON"),
        ("faults add --status 503 --header x", "is not a header"),
        ("faults add --kill -1", "the process id is at least 2"),
        ("faults explode", "is not complete or not known"),
        ("latency soon", "'soon' is not a number"),
        ("clock warp", "clock mode 'warp'"),
        ("throttle everything=1", "'everything' is none of"),
        ("turns leave nobody", "'nobody' takes no turns"),
        ("drift explode x", "drift takes edit, put, tag, delete or cancel"),
        ("drift edit /subscriptions/x/resourceGroups/y {", "is not JSON"),
        ("drift delete /nowhere", "names no resource type"),
        ("restore nowhere.json", "cannot read nowhere.json"),
        ("snapshot no/where.json", "no/where.json cannot be written"),
        ("secret papers-kv", "secret takes a vault and a name"),
        ("rehearse", "rehearse takes one spec"),
        ("rehearse x.yaml --faults explode", "there is no rehearsal 'explode'"),
        ("explode", "ACTION: invalid value 'explode'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    served: str, capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    assert main(["sandbox", *words.split()]) != ExitCode.OK
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert told in err


@pytest.mark.parametrize("day", sampled(("killed", "stale"), 1, "a bad day"))
def test_bad_days_of_a_spec_that_takes_secrets_of_vaults_are_rehearsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], day: str
) -> None:
    """Killed over and over, and with reads that are behind: the end is that of a calm day."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
    other = "https://others-kv.vault.azure.net/secrets"
    keys = {
        "ours": "'${{ workspace.key_vault.secrets.api-key }}'",
        "pinned": f"{{key_vault_url: {other}/key/{'a' * 32}}}",
        "other": f"{{key_vault_url: {other}/second}}",
    }
    stated = "".join(f"      {name}: {value}\n" for name, value in keys.items())
    head = "\nconnections:\n  search:\n    target: https://search.example\n    keys:\n"
    Path("spec.yaml").write_text(text + head + stated, encoding="utf-8")
    words = ["sandbox", "rehearse", "spec.yaml", "--faults", day]
    code = main([*words, "--seed", "3", "-o", "json"])
    out = capsys.readouterr()
    assert code == ExitCode.OK, out.err
    calm, bad = json.loads(out.out)
    assert bad["exit_codes"] == {"killed": [-9, -9, -9, 0], "stale": [0]}[day]
    assert bad["same_end_state"] and bad["holds"] and bad["struck"] > 1
    assert bad["training_jobs"] == calm["training_jobs"] == 0
