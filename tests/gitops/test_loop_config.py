"""loop.yaml: what it says, and what is wrong with it, all at once and with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.diagnostics import SpecError
from reconciler.gitops.config import load_config

WHOLE = """\
version: 1
source:
  url: https://github.com/acme/ml.git
  ref: {tag: "v*"}
  poll: 30s
  credentials: {github_app: {app_id: 1, installation_id: 2, key_file: /secrets/app.pem}}
  verify: {mode: tag, allowed_signers: /etc/reconcile/allowed_signers}
defaults: {interval: 20m, drift: correct}
specs:
  - {name: chat, path: specs/chat.yaml}
  - name: prod
    path: specs/prod/*.yaml
    changes: approve
    drift: report
    depends_on: [chat]
    ignore: [deployments.blue.instance_count]
    windows: [{allow: "0 8 * * 1-5", for: 9h, zone: Europe/Warsaw}]
limits: {deletes_per_pass: 2}
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "loop.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load_config(str(file))
    return [
        f"{d.position.line}:{d.position.column}: {d.summary} ({d.hint})"
        for d in error.value.diagnostics
        if d.position
    ]


def with_spec(fields: str, top: str = "source: {folder: .}") -> str:
    return f"version: 1\n{top}\nspecs:\n  - {{name: a, path: a.yaml{fields}}}\n"


def test_a_spec_has_its_own_words_and_else_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "loop.yaml"
    file.write_text(WHOLE, encoding="utf-8")
    config = load_config(str(file))
    chat, prod = (config.settings(spec) for spec in config.specs)
    assert (chat.interval, chat.drift, chat.changes) == (1200.0, "correct", "auto")
    assert (prod.interval, prod.drift, prod.changes) == (1200.0, "report", "approve")
    assert prod.depends_on == ("chat",)
    assert prod.windows[0].lasts == 9 * 3600
    assert (prod.deletes_per_pass, prod.runs_per_day) == (2, 3)
    assert config.source.poll == 30.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (with_spec(", intervall: 5m"), ["4:29: unknown key `intervall`"]),
        (with_spec(", interval: 5"), ["5 has no unit: write 5s"]),
        (with_spec(", interval: 5x"), ["not a time like 90s, 30m or 6h"]),
        (with_spec(", interval: 30s"), ["at least 60s"]),
        (with_spec(", changes: never"), ["invalid `specs.0.changes`: 'never'"]),
        (with_spec(", path: /etc/passwd"), ["path"]),
        (with_spec(", depends_on: [b]"), ["`a` depends on `b`, which is not a spec (one of: a)"]),
        (with_spec(", depends_on: [a]"), ["`a` and `a` wait for each other"]),
        (with_spec(", windows: [{allow: x, for: 1h}]"), ["`x` is not a cron expression"]),
        (with_spec(", windows: [{allow: '0 8 * * *', for: 1h, zone: Mars}]"), ["not a time zone"]),
        (with_spec(", windows: [{for: 1h}]"), ["state either allow or deny"]),
        (with_spec("", "source: {folder: ., url: https://a/b}"), ["state either url or folder"]),
        (with_spec("", "source: {url: 'file:///etc'}"), ["an https:// or ssh:// address"]),
        (with_spec("", "source: {url: 'ext::sh -c id'}"), ["an https:// or ssh:// address"]),
        (with_spec("", "source: {url: 'https://me:token@host/x'}"), ["an https:// or ssh://"]),
        (
            with_spec("", "source: {url: https://a/b, credentials: {}}"),
            ["exactly one of github_app, token_file, ssh, azure_devops"],
        ),
        ("version: 1\nsource: {folder: .}\nspecs: []\n", ["specs"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    found = problems(tmp_path, text)
    assert len(found) == len(expected)
    for line, part in zip(found, expected, strict=True):
        assert part in line
        assert "reconcile explain" not in line


def test_a_path_that_leaves_the_source_is_refused(tmp_path: Path) -> None:
    text = with_spec("").replace("path: a.yaml", "path: ../a.yaml")
    [found] = problems(tmp_path, text)
    assert found.startswith("4:21: `specs.0.path`: a path within the source")


def test_two_specs_of_one_name_are_refused(tmp_path: Path) -> None:
    text = with_spec("") + "  - {name: a, path: b.yaml}\n"
    [found] = problems(tmp_path, text)
    assert found == "5:12: two specs are named `a` (rename one of them)"


def test_specs_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    text = with_spec(", depends_on: [b]") + "  - {name: b, path: b.yaml, depends_on: [a]}\n"
    assert [line.partition(": ")[2].partition(" (")[0] for line in problems(tmp_path, text)] == [
        "`a` and `b` wait for each other",
        "`b` and `a` wait for each other",
    ]
