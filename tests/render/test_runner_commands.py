"""Commands to a build server: what its own parser makes of them is what was meant, and no more."""

from __future__ import annotations

import io
import re

import pytest
from hostile import HOSTILE

from reconciler.diagnostics import Diagnostic, Position, Severity
from reconciler.render.annotations import azure_devops_annotations, github_annotations
from reconciler.render.runner_commands import AzureDevOpsCommand, Command, GitHubCommand
from reconciler.render.terminal import Terminal, clean, clean_lines

DECODED = ("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")
AGENT = ("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")


def written(command: Command) -> str:
    stream = io.StringIO()
    Terminal(stream, colour=True).command(command)
    return stream.getvalue()


def decoded(text: str, codes: tuple[tuple[str, str], ...]) -> str:
    for code, meant in codes:
        text = text.replace(code, meant)
    return text


def read_by_github(line: str) -> tuple[str, dict[str, str], str]:
    """Return name, properties and data as `ActionCommand.TryParseV2` of github.com/actions/runner."""
    head, _, data = line.removeprefix("::").partition("::")
    name, _, rest = head.partition(" ")
    pairs = (pair.split("=", 1) for pair in rest.split(",") if "=" in pair)
    return name, {n: decoded(v, DECODED) for n, v in pairs}, decoded(data, DECODED)


def read_by_azure_devops(line: str) -> tuple[str, dict[str, str], str]:
    """Return name, properties and data as `Command.TryParse` of azure-pipelines-agent."""
    head, _, data = line.removeprefix("##vso[").partition("]")
    name, _, rest = head.partition(" ")
    pairs = (pair.split("=", 1) for pair in rest.split(";") if "=" in pair)
    return name, {n: decoded(v, AGENT) for n, v in pairs}, decoded(data, AGENT)


READERS = [(GitHubCommand, read_by_github), (AzureDevOpsCommand, read_by_azure_devops)]
MORE = ("a,b=c:d", "50%\r\nx", "%0A::x", "%AZP25", "a]b;c=d", "x" * 9, "a\nb\n\nc")


@pytest.mark.parametrize(("kind", "read"), READERS)
@pytest.mark.parametrize("text", (*HOSTILE, *MORE))
def test_a_command_says_what_was_meant(kind, read, text: str) -> None:
    line = written(kind("error", f"x{text}", {"file": f"x{text}", "line": "1"}))
    assert line.count("\n") == 1
    assert line[:-1].isprintable()
    name, given, data = read(line[:-1])
    assert name == "error"
    assert given == {"file": clean(f"x{text}"), "line": "1"}
    assert data == clean_lines(f"x{text}")


@pytest.mark.parametrize("kind", [GitHubCommand, AzureDevOpsCommand])
@pytest.mark.parametrize("name", ["a::b", "x y", "", "##vso[x", "a\n"])
def test_a_name_is_never_somebody_elses_text(kind, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        kind(name)
    with pytest.raises(ValueError, match="not a name"):
        kind("error", "", {name: "x"})


def problems(number: int, severity: Severity) -> list[Diagnostic]:
    place = Position("spec.yaml", 3, 5)
    return [Diagnostic(f"wrong {n}", place, severity=severity) for n in range(number)]


def test_ten_of_each_are_shown_and_the_rest_is_counted() -> None:
    found = [*problems(11, Severity.WARNING), *problems(13, Severity.ERROR)]
    lines = [written(c) for c in github_annotations(found, str)]
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10 + [
        "::notice"
    ]
    assert lines[-1].endswith("::3 more errors and 1 more warning not shown here\n")
    issues = [written(c) for c in azure_devops_annotations(found, str)]
    assert len(issues) == 21
    assert issues[-1] == (
        "##vso[task.logissue type=warning;]3 more errors and 1 more warning not shown here\n"
    )


def test_an_annotation_has_a_place_what_why_and_what_to_do() -> None:
    item = Diagnostic("too few cores", Position("a b.yaml", 3, 5), "48 of 24", "lower it")
    (one,) = github_annotations([item], str)
    assert written(one) == (
        "::error file=a b.yaml,line=3,col=5,title=reconcile::"
        "too few cores%0A48 of 24%0Ahint: lower it\n"
    )
    (two,) = azure_devops_annotations([item], str)
    assert written(two) == (
        "##vso[task.logissue type=error;sourcepath=a b.yaml;linenumber=3;columnnumber=5;]"
        "too few cores%0A48 of 24%0Ahint: lower it\n"
    )


def test_only_a_warning_needs_a_place() -> None:
    away = Diagnostic("Azure is away")
    told = Diagnostic("not checked", severity=Severity.WARNING)
    lines = [written(c) for c in github_annotations([away, told], str)]
    assert lines == ["::error title=reconcile::Azure is away\n"]
    assert not re.search("file=", "".join(lines))
