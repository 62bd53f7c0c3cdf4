"""What an ignore file names is not uploaded, and what holds keys is refused."""

import pytest

from reconciler.kinds.local.folder import FLOW_FILE, read_folder

PRIVATE = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END RSA " + "PRIVATE KEY-----\n"


def flow(tmp_path, **files):
    return made(tmp_path, files)


def made(tmp_path, files):
    for name, text in {FLOW_FILE: "nodes: []\n", "chat.py": "x = 1\n", **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return read_folder(tmp_path, "flow")


def test_what_amlignore_names_is_not_uploaded_and_not_refused(tmp_path):
    found = made(tmp_path, {".env": "A=b", "id_rsa": PRIVATE, ".amlignore": ".env\r\nid_rsa\r\n"})
    assert sorted(found.files) == [".amlignore", "chat.py", FLOW_FILE]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("*.log", ["keep.txt", "sub/keep.txt"]),
        ("*.log\n!sub/b.log", ["keep.txt", "sub/b.log", "sub/keep.txt"]),
        ("/sub/", ["a.log", "keep.txt"]),
        ("# none\n\nsub/*\n!sub/keep.txt", ["a.log", "keep.txt", "sub/keep.txt"]),
        ("**/keep.txt", ["a.log", "sub/b.log"]),
        ("/keep.txt", ["a.log", "sub/b.log", "sub/keep.txt"]),
    ],
)
@pytest.mark.parametrize("file", [".amlignore", ".gitignore"])
def test_patterns_negation_and_folders_are_those_of_git(tmp_path, file, rules, left):
    names = ("a.log", "keep.txt", "sub/b.log", "sub/keep.txt")
    found = made(tmp_path, {file: rules, **dict.fromkeys(names, "x")})
    assert sorted(set(found.files) & set(names)) == left


def test_amlignore_counts_alone_where_there_are_both(tmp_path):
    found = made(tmp_path, {".amlignore": "a.txt", ".gitignore": "b.txt", "a.txt": "", "b.txt": ""})
    assert "b.txt" in found.files
    assert "a.txt" not in found.files


@pytest.mark.parametrize(
    "name",
    [
        *(".env", ".env.local", "prod.env", ".ENV", "sub/.env.production", ".envrc"),
        *("id_rsa", "id_ed25519", "tls.pem", "a/tls.KEY", "site.pfx", "store.p12", "x.ppk"),
        *(".npmrc", ".pypirc", ".netrc", "credentials", ".aws/config", ".azure/azureProfile.json"),
        *(".ssh/config", ".kube/config", ".git-credentials", "terraform.tfstate"),
    ],
)
def test_a_file_of_keys_is_refused_by_its_name_with_the_line_to_add(tmp_path, name):
    found = made(tmp_path, {name: "x"})
    (problem,) = found.problems
    assert f"`/{name}` to flow/.amlignore" in problem.hint
    assert name not in found.files
    (tmp_path / ".amlignore").write_text(f"/{name}\n")
    assert read_folder(tmp_path, "flow").problems == (), "the line that is told is enough"


def test_the_line_goes_into_the_ignore_file_that_is_there(tmp_path):
    (problem,) = made(tmp_path, {".gitignore": "*.log\n", "key [1] !.pem": "x"}).problems
    assert "to flow/.gitignore" in problem.hint
    line = problem.hint.split("`")[1]
    (tmp_path / ".gitignore").write_text(f"{line}\n")
    assert read_folder(tmp_path, "flow").problems == ()


@pytest.mark.parametrize(
    "text",
    [PRIVATE, "t = 'hf_" + "a" * 34 + "'", "k: AKIA" + "A" * 16, "x" * 99 + "\nghp_" + "b" * 36],
)
def test_a_key_in_a_file_of_any_name_is_refused_and_not_repeated(tmp_path, text):
    found = made(tmp_path, {"notes.txt": text})
    (problem,) = found.problems
    assert problem.summary.startswith("notes.txt contains a key or a token")
    assert text not in str(problem)
    assert "notes.txt" not in found.files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env.example", "API_KEY=\n"),
        ("id_rsa.pub", "ssh-rsa AAAA"),
        ("keys.py", "password = os.environ['X']\nsignature=inspect.signature(f)\n"),
        ("environment.yaml", "name: x"),
        ("monkey.txt", "keyboard"),
        ("credentials.py", "def credentials(): ..."),
    ],
)
def test_what_only_resembles_one_is_uploaded(tmp_path, name, text):
    found = made(tmp_path, {name: text})
    assert (name in found.files, found.problems) == (True, ())


def test_a_large_folder_that_is_ignored_does_not_count(tmp_path):
    names = [f"cache/{number}.bin" for number in range(2100)]
    found = made(tmp_path, {".amlignore": "cache/\n", **dict.fromkeys(names, "")})
    assert found.problems == ()


def test_an_ignore_file_that_cannot_be_read_is_told_and_not_passed_over(tmp_path):
    (tmp_path / ".amlignore").mkdir()
    (problem,) = flow(tmp_path).problems
    assert problem.summary.startswith(".amlignore cannot be used")
