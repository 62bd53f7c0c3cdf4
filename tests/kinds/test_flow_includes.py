"""`additional_includes` of a flow: in its files and fingerprint, confined, told when wrong."""

import pytest

from reconciler.kinds.flow.binding import bind
from reconciler.kinds.flow.dag import read_dag
from reconciler.kinds.flow.includes import with_includes
from reconciler.kinds.local.folder import FLOW_FILE, read_folder
from reconciler.spec.document import parse

DAG = "inputs: {}\nadditional_includes:\n- ENTRY\nnodes:\n- name: a\n"


@pytest.fixture
def repository(tmp_path):
    """A flow beside what it may include, and a secret outside of its root."""
    top = tmp_path / "top"
    for name, text in {
        "flows/chat/chat.py": "x = 1\n",
        "shared/util.py": "y = 2\n",
        "shared/more/deep.py": "z = 3\n",
        "other/chat.py": "w = 4\n",
        "keys/tls.pem": "x",
        "../outside.py": "v = 5\n",
    }.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    return top


def read(repository, *entries):
    text = DAG.replace("- ENTRY", "\n".join(f"- {entry}" for entry in entries))
    folder = repository / "flows/chat"
    (folder / FLOW_FILE).write_text(text)
    return with_includes(read_folder(folder, "flows/chat", repository), folder, repository)


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("../../shared/util.py", ["util.py"]),
        ("../../shared", ["shared/more/deep.py", "shared/util.py"]),
        ("../../shared/", ["shared/more/deep.py", "shared/util.py"]),
        ("../../shared/more", ["more/deep.py"]),
    ],
)
def test_a_file_or_folder_is_uploaded_under_its_last_name(repository, entry, names):
    found = read(repository, entry)
    assert found.problems == ()
    assert sorted(found.files) == sorted([*names, "chat.py", FLOW_FILE])


def test_what_is_included_is_part_of_the_fingerprint(repository):
    before = read(repository, "../../shared").fingerprint()
    (repository / "shared/util.py").write_text("y = 3\n")
    assert read(repository, "../../shared").fingerprint() != before


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("../../shared/utl.py", "there is no `../../shared/utl.py`"),
        ("../../../outside.py", "is outside"),
        ("/etc/hosts", "is absolute"),
        ("..", "contains the flow itself"),
        ("../../other/chat.py", "would hide `chat.py`"),
        ("{a: b}", "is not a path"),
    ],
)
def test_a_wrong_one_is_told_with_its_line_and_not_uploaded(repository, entry, told):
    found = read(repository, entry)
    (problem,) = found.problems
    assert told in problem.summary
    assert (problem.position.file, problem.position.line) == (f"flows/chat/{FLOW_FILE}", 3)
    assert sorted(found.files) == ["chat.py", FLOW_FILE]
    assert found.files["chat.py"] == b"x = 1\n"


def test_a_link_does_not_lead_out_of_the_root(repository):
    (repository / "shared/link.py").symlink_to(repository.parent / "outside.py")
    (problem,) = read(repository, "../../shared/link.py").problems
    assert "is outside" in problem.summary
    assert "link.py is a link" in read(repository, "../../shared").problems[0].summary


@pytest.mark.parametrize("entry", ["../../keys", "../../keys/tls.pem"])
def test_keys_are_refused_and_ignore_files_hold_in_what_is_included(repository, entry):
    found = read(repository, entry)
    (problem,) = found.problems
    assert "keys or passwords" in problem.summary
    (repository / "keys/.gitignore").write_text("*.pem\n")
    assert "tls.pem" not in " ".join(read(repository, entry).files)


def test_two_includes_of_one_name_are_told(repository):
    (repository / "util.py").write_text("")
    (problem,) = read(repository, "../../util.py", "../../shared/util.py").problems
    assert problem.position.line == 4


@pytest.mark.parametrize(
    "text",
    [
        "inputs: {}\nadditional_includes:\n- ../a.py\n- ../b\nnodes:\n- name: a\n",
        "additional_includes: [../a.py]\ninputs: {}\nnodes:\n- name: a\n",
        "inputs: {}\nnodes:\n- name: a\nadditional_includes:\n  - ../a.py\n",
    ],
)
def test_the_uploaded_flow_file_names_no_include(text):
    uploaded = bind(parse(text, "flow", None), {}).decode()
    assert parse(uploaded, "flow", None).data == {"inputs": {}, "nodes": [{"name": "a"}]}


def test_a_flow_without_includes_is_as_it_was(repository):
    folder = repository / "flows/chat"
    (folder / FLOW_FILE).write_text("inputs: {}\n")
    found = read_folder(folder, "flow", repository)
    assert with_includes(found, folder, repository) is found
    assert read_dag(found)[0] is not None
