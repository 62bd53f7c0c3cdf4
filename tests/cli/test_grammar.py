"""What a command line means: options anywhere, `--sandbox` with and without a URL, typos."""

from __future__ import annotations

import argparse

import pytest

from reconciler.cli.arguments import EMBEDDED, Parser, split_command, with_sandbox_value
from reconciler.cli.command_modules import module_of
from reconciler.cli.main import COMMANDS, main
from reconciler.cli.options import count, seconds
from reconciler.diagnostics import Diagnostic, ExitCode, Position, Severity, UsageError
from reconciler.render.diagnostics_text import headlines, problems

URL = "https://127.0.0.1:8443"


def parsed(*words: str) -> argparse.Namespace:
    """Return the options of a command line, as `main` reads them."""
    command, rest = split_command(with_sandbox_value(words))
    module = module_of(command)
    parser = Parser(command, module.SUMMARY, module.EXAMPLES)
    module.add_arguments(parser)
    options, unknown = parser.parse_known_args(rest)
    parser.refuse_unknown(unknown)
    return options


@pytest.mark.parametrize(
    "words",
    [
        ("--sandbox", "plan", "spec.yaml"),
        ("plan", "--sandbox", "spec.yaml"),
        ("plan", "spec.yaml", "--sandbox"),
    ],
)
def test_a_bare_sandbox_never_eats_the_spec(words: tuple[str, ...]) -> None:
    options = parsed(*words)
    assert (options.sandbox, options.spec) == (EMBEDDED, "spec.yaml")


@pytest.mark.parametrize(
    "words",
    [
        ("--sandbox", URL, "plan", "spec.yaml"),
        ("plan", "--sandbox", URL, "spec.yaml"),
        ("plan", "spec.yaml", f"--sandbox={URL}"),
    ],
)
def test_a_sandbox_takes_an_https_address(words: tuple[str, ...]) -> None:
    options = parsed(*words)
    assert (options.sandbox, options.spec) == (URL, "spec.yaml")


@pytest.mark.parametrize("value", ["http://127.0.0.1:1", "spec"])
def test_a_sandbox_takes_nothing_else(value: str) -> None:
    with pytest.raises(UsageError, match="https"):
        parsed("plan", "spec.yaml", f"--sandbox={value}")


def test_global_options_stand_before_and_after_the_command() -> None:
    before = parsed("-v", "--color", "never", "plan", "spec.yaml")
    after = parsed("plan", "spec.yaml", "--color=never", "-v")
    assert vars(before) == vars(after)


def test_only_takes_several_addresses_and_gives_the_spec_back() -> None:
    from reconciler.cli.destroy import _give_back_spec

    for words in (("s.yaml", "--only", "a", "b"), ("--only", "a", "b", "s.yaml")):
        options = parsed("destroy", *words)
        _give_back_spec(options)
        assert (options.spec, options.only) == ("s.yaml", ["a", "b"])


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("1.5m", 90), ("6h", 21600), ("2d", 172800)]
)
def test_times_have_units(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "1w", "nan", "1e9", "9" * 400])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


@pytest.mark.parametrize("text", ["0", "257", "x", "-1", "9" * 5000, "²"])
def test_parallelism_is_a_small_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        count(text)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["plna", "x"], "did you mean plan?"),
        (["plan", "x", "--detailed-exitcod"], "did you mean --detailed-exitcode?"),
        (["plan", "x", "-o", "jsn"], "did you mean json?"),
        (["--sandbx", "plan", "x"], "did you mean --sandbox?"),
        (["plan"], "missing: SPEC"),
        (["destroy", "--yes"], "missing: SPEC"),
        (["plan", "x", "y"], "too many arguments: y"),
        (["plan", "x", "--parallelism", "many"], "not a number from 1 to 256"),
        (["--versoin"], "did you mean --version?"),
        (["sandbox", "srve"], "did you mean serve?"),
        (["chat", "x", "hello", "--temperature", "hot"], "not a number from 0 to 2"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert expected in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_begins_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert out.split("\n\n")[1].startswith(f"Examples:\n  reconcile {command}")
    assert f"Usage: reconcile {command}" in out


def test_examples_of_the_help_are_real_command_lines() -> None:
    import shlex

    for command in COMMANDS:
        for example in module_of(command).EXAMPLES:
            text = example.split("#")[0].split("|")[-1].split("&&")[0].split(">")[0]
            if text.strip().startswith("reconcile"):
                parsed(*shlex.split(text)[1:])


def test_no_command_shows_help_and_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USAGE
    assert "Examples:" in capsys.readouterr().err
    assert main(["--help"]) == ExitCode.OK
    assert "Examples:" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["5", "90", "1.5"])
def test_a_time_without_unit_is_asked_back(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--timeout 5` ended a run after five seconds."""
    assert main(["apply", "spec.yaml", "--timeout", number]) == ExitCode.USAGE
    assert f"did you mean {number}m (minutes)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--var", "`--set FIELD=VALUE`"),
        ("--auto-approve", "--yes"),
        ("--dry-run", "`reconcile plan`"),
        ("--targets", "did you mean --target?"),
        ("--adpot", "did you mean --adopt?"),
        ("--xyz", "see `reconcile apply --help`"),
    ],
)
def test_an_unknown_option_is_answered_with_the_right_one(
    option: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", "spec.yaml", option]) == ExitCode.USAGE
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("words", [["help"], ["help", "plan"], ["help", "destroy"]])
def test_help_is_a_command_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == ExitCode.OK
    shown = capsys.readouterr().out
    assert main([*words[1:], "--help"]) == ExitCode.OK
    assert shown == capsys.readouterr().out


def test_a_warning_is_one_line_but_in_validate() -> None:
    """The same three warnings were nineteen lines of every command."""
    found = [
        Diagnostic(f"no {n}", Position("spec.yaml", 1, 1), "why", "how", Severity.WARNING)
        for n in range(3)
    ]
    assert len(headlines(found)) == 4
    assert len(problems(found)) > 4
