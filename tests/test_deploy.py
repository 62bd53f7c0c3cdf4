"""What is shipped to run the loop: unprivileged, without a writable root, and of one mind."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
KUBERNETES = ROOT / "deploy" / "kubernetes"
APPS = sorted((ROOT / "deploy" / "container-apps").glob("*.yaml"))


@pytest.fixture(scope="module")
def built():
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed here")
    done = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return {each["kind"]: each for each in yaml.safe_load_all(done.stdout)}


def test_kustomize_builds_all_of_it(built):
    assert set(built) == {
        "ConfigMap",
        "Deployment",
        "Namespace",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    selected = {"app.kubernetes.io/name": "reconcile"}
    pods = built["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert selected.items() <= pods.items()
    assert built["Service"]["spec"]["selector"] == selected
    assert built["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == selected
    assert built["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == selected


def test_the_pod_may_do_nothing_that_it_need_not(built):
    pod = built["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = [v for v in pod["volumes"] if "emptyDir" in v]
    assert [v["name"] for v in writable] == ["scratch"]
    assert (
        built["Deployment"]["spec"]["replicas"]
        > built["PodDisruptionBudget"]["spec"]["minAvailable"]
    )


def test_the_pod_runs_as_the_image_says(built):
    user = next(
        line.split()[1]
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("USER ")
    )
    security = built["Deployment"]["spec"]["template"]["spec"]["securityContext"]
    assert user == f"{security['runAsUser']}:{security['runAsGroup']}"


def test_the_builder_gets_what_is_copied_and_nothing_else():
    copied = {
        source
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert "*" in ignored
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.parametrize("file", APPS, ids=lambda file: file.stem)
def test_a_container_app_reads_each_secret_that_it_names(file):
    app = yaml.safe_load(file.read_text())["properties"]
    secrets = {secret["name"]: secret for secret in app["configuration"]["secrets"]}
    container = app["template"]["containers"][0]
    assert container["args"][:2] == ["loop", "/secrets/loop-yaml"]
    config = yaml.safe_load(secrets["loop-yaml"]["value"])
    named = config["source"]["credentials"]["token_file"]
    assert Path(named).name in secrets
    assert "value" not in secrets[Path(named).name]
