"""Hundreds of bad files through the command line: place, cause and fix, and never a traceback."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from tests.faults.seed import drawn
from tests.spec import asked, corpus
from tests.spec.corpus import ROOT
from tests.spec.judging import planted, validated
from tests.spec.measure import content_of, every_file

BAD_SPECS, BAD_YAML = every_file()
SAMPLE = len(BAD_SPECS) if os.environ.get("RECONCILE_FUZZ") else 150
"""How many are tried here, others with every commit; `make reliability` tries all."""
SECONDS = 20.0
"""Of processor time. Each takes hundredths; what explodes takes hours, on any machine."""
MEMORY = 256 << 20
HOSTILE = (
    "deep lists",
    "deep maps",
    "deep dashes",
    "a bomb of aliases",
    "a bomb of merges",
    "thirty thousand keys",
    "a hundred thousand lines",
    "eight MiB of one line",
    "an integer of 5000 digits",
    "a million dots",
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A folder with the files beside a spec that the shipped ones refer to."""
    return planted(tmp_path_factory.mktemp("tree"))


def judged(tree, content):
    told = validated(tree, content)
    assert told.is_whole(tree), (told.code, told.errors[:2], told.written[:500])
    assert not told.crashed
    assert told.seconds < SECONDS


def test_the_corpus_is_as_large_as_promised():
    assert len(BAD_SPECS) >= 400
    assert len(BAD_YAML) >= 100


def missing(asked_for, files):
    """Return the kinds of which no file is there, by its name."""
    return [k for k, words in asked_for.items() if not any(re.search(words, n) for n in files)]


def test_every_kind_of_bad_spec_is_there():
    assert missing(asked.SPECS, BAD_SPECS) == []


def test_every_kind_of_bad_yaml_is_there():
    assert missing(asked.YAML, BAD_YAML) == []


@pytest.mark.parametrize("name", drawn(BAD_SPECS, SAMPLE, "specs"))
def test_a_bad_spec_is_told_with_place_cause_and_fix(tree, name):
    judged(tree, content_of(BAD_SPECS[name]))


@pytest.mark.parametrize("name", BAD_YAML)
def test_bad_yaml_is_told_with_place_cause_and_fix(tree, name):
    judged(tree, BAD_YAML[name])


@pytest.mark.parametrize("source", [corpus.FULL, corpus.LOCAL, corpus.TWO, corpus.SMALL])
def test_what_the_rules_break_is_good_before(tree, source):
    shutil.copytree(ROOT / "examples" / "data", tree / "specs" / "data", dirs_exist_ok=True)
    told = validated(tree, corpus.text_of(corpus.good(source)).encode())
    assert (told.code, told.errors) == (ExitCode.OK, [])


VALIDATE = """
import contextlib, io, json, sys
from reconciler.cli.main import main
told = []
for file in sys.argv[1:]:
    with contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(["validate", file])
    told.append([int(code), err.getvalue()])
json.dump(told, sys.stdout)
"""
"""Validates files one after the other; prints the exit code of each and what was said of it."""


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def test_a_hostile_file_costs_little_memory(tree):
    """All of them in one process that may not take more: no file alone did."""
    files = [tree / "specs" / f"hostile-{number}.yaml" for number in range(len(HOSTILE))]
    for name, file in zip(HOSTILE, files, strict=True):
        file.write_bytes(BAD_YAML[name])
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        preexec_fn=limited,
    )
    assert done.returncode == 0, done.stderr[-500:]
    for name, (code, err) in zip(HOSTILE, json.loads(done.stdout), strict=True):
        assert code == ExitCode.INVALID_SPEC, (name, err[-500:])
        assert "error: " in err, name
        assert "Traceback" not in err, name


def test_all_that_is_wrong_is_told_at_once(tree):
    data = corpus.good(corpus.FULL)
    wrongs = {
        ("target", "location"): "East US!",
        ("quota", 0, "cores"): "many",
        ("workspace", "storage_account", "name"): "Not_Allowed",
        ("workspace", "key_vault", "name"): "x",
        ("compute", "gpu-cluster", "size"): 17,
        ("compute", "gpu-cluster", "max_instances"): -1,
        ("datasets", "ultrachat", "source", "revision"): "main",
        ("jobs", "finetune", "task"): "chatting",
        ("models", "phi3-ultrachat", "type"): "pickle",
        ("endpoints", "phi3-ultrachat-ep", "auth_mode"): "none",
        ("deployments", "blue", "instance_count"): 0,
        ("connections", "phi3-connection", "type"): "magic",
        ("flows", "chat", "type"): "game",
        ("lifecycle", "workspace", "protect"): "perhaps",
    }
    for path, value in wrongs.items():
        data = corpus.changed(data, path, value)
    errors = validated(tree, corpus.text_of(data).encode()).errors
    for path in wrongs:
        assert any(corpus.shown(path) in e["summary"] for e in errors), path
    assert len(errors) == len(wrongs)


def test_a_secret_written_into_a_spec_is_not_repeated(tree, capsys):
    secret = "hunter2-hunter2-hunter2"
    data = corpus.good(corpus.FULL)
    for path in (
        ("connections", "phi3-connection", "keys", "key"),
        ("connections", "phi3-connection", "api_key"),
        ("endpoints", "phi3-ultrachat-ep", "primary_key"),
        ("deployments", "blue", "environment_variables"),
    ):
        value = {"DB_PASSWORD": secret} if path[-1] == "environment_variables" else secret
        file = tree / "specs" / "spec.yaml"
        file.write_text(corpus.text_of(corpus.changed(data, path, value)), encoding="utf-8")
        for form in ("text", "json"):
            code = main(["validate", str(file), "-o", form])
            shown = capsys.readouterr()
            assert code == ExitCode.INVALID_SPEC, path
            assert secret not in shown.out + shown.err, path
