"""A problem about a file of keys says which file, and prints nothing of what is in it."""

import pytest
from ruamel.yaml import YAML

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from tests.kinds.test_cases import BASE

KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7lineofakey\n-----END RSA PRIVATE KEY-----\n"
)
SECTIONS = {
    "datasets": {"x": {"source": {"type": "local_folder", "path": "x"}}},
    "environments": {"x": {"build": {"path": "x"}}},
}


@pytest.mark.parametrize("section", sorted(SECTIONS))
@pytest.mark.parametrize(
    ("name", "content", "secret"),
    [
        ("credentials", "dbpass correct-horse-battery\n", "correct-horse-battery"),
        (".netrc", "machine a login b\npassword correct-horse\n", "correct-horse"),
        ("notes.txt", KEY, "lineofakey"),
        ("notes.txt", f"first\n{KEY}", "lineofakey"),
    ],
)
def test_nothing_of_a_file_of_keys_is_printed(tmp_path, capsys, section, name, content, secret):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "Dockerfile").write_text("FROM mcr.microsoft.com/azureml/base:1\n")
    (tmp_path / "x" / name).write_text(content)
    spec = tmp_path / "spec.yaml"
    YAML().dump({**BASE, section: SECTIONS[section]}, spec)
    assert main(["validate", str(spec)]) == ExitCode.INVALID_SPEC
    told = "".join(capsys.readouterr())
    assert f"x/{name}:" in told
    assert secret not in told
