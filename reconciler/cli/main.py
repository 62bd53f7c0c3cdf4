"""The entry point: find the command, run it, and turn whatever happens into an exit code.

A command is a module of this package with `SUMMARY`, `EXAMPLES`, `add_arguments(parser)`
and `run(session) -> ExitCode`. One that writes documents (`-o json`) also has
`failed(options, error) -> str`: the document of a run that came to nothing, and where it also
writes files or tells a build server, `publish_failure(session, error)`; one that has
several actions may have `help_about(parser, words) -> str`, the help of the one that is named. Only the module of the command that was named is imported,
and it imports what it needs when it runs: `--help` costs nothing.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from reconciler.cli.arguments import Parser, nearest, split_command, with_sandbox_value
from reconciler.cli.command_modules import module_of
from reconciler.cli.process_limits import leave_no_core
from reconciler.cli.signals import Signals, leave
from reconciler.diagnostics import (
    ExitCode,
    LocalError,
    ReconcileError,
    UnforeseenError,
    UsageError,
)
from reconciler.secrets import shortened

if TYPE_CHECKING:
    from reconciler.cli.session import Session

COMMANDS = {
    "init": "write a spec to start from",
    "import": "write a spec out of az ml files",
    "validate": "check a spec; needs no network",
    "plan": "show what apply would do",
    "drift": "show what was changed outside of the spec",
    "show": "print a saved plan",
    "comment": "keep one comment on a pull request, from plans",
    "apply": "make Azure match the spec",
    "destroy": "delete what the spec created",
    "loop": "keep many specs as git says",
    "status": "show whether each resource is in sync and healthy",
    "doctor": "check sign-in, rights, clock and network",
    "chat": "ask the deployed model a question",
    "graph": "print the dependency graph as Mermaid or DOT",
    "explain": "explain a section or a field of the spec",
    "schema": "print the JSON Schema of the spec",
    "sandbox": "run and inspect the local Azure emulator",
    "completion": "print a completion script for bash, zsh or fish",
}
COMPLETE = "__complete"
"""What the completion scripts call; not for people."""

NO_MEMORY = "out of memory"
LESS = "raise the memory limit, or do less at once: `--parallelism 2`"
HELP = """Keep Azure Machine Learning and Azure AI Foundry in the state that one YAML file describes.

Examples:
  reconcile validate specs/phi3-ultrachat.yaml
  reconcile plan     specs/phi3-ultrachat.yaml --sandbox
  reconcile apply    specs/phi3-ultrachat.yaml --sandbox
  reconcile chat     specs/phi3-ultrachat.yaml --sandbox "How do I keep basil alive?"

Usage: reconcile COMMAND SPEC [options]

Commands:
{commands}

Options:
  --sandbox [URL]  use the embedded Azure emulator, or the one at URL
  -v, -q           log each request to Azure; no progress and no warnings
  --color WHEN     auto, always or never
  --version        print the version

`reconcile help COMMAND` shows examples and options of one command.
Exit codes: 0 done, 1 failed, 2 changes (plan --detailed-exitcode), 3 Azure is still working,
4 sign-in or permission, 5 refused, 64 usage, 65 invalid spec, 75 Azure unavailable.
"""


def entry() -> NoReturn:
    """Run the command line of this process and exit."""
    _open_closed_streams()
    leave_no_core()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # Importing makes nothing but long-lived objects; collecting among them costs a tenth of
    # start-up. Commands that run for long turn it on again.
    gc.disable()
    signals = Signals()
    signals.install()
    code = main(sys.argv[1:], signals)
    signals.heard_out()
    # Threads that still talk to Azure must not keep a finished process waiting.
    leave(signals.received or code)


def _open_closed_streams() -> None:
    """Open what our parent had closed (`2>&-`) on nothing.

    Otherwise the next socket would get its number, and be written to.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, number)
            if nowhere != number:
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def main(words: Sequence[str], signals: Signals | None = None) -> ExitCode:
    """Run one command line and return its exit code; never raises."""
    try:
        code = _run(list(words), signals or Signals())
        sys.stdout.flush()
    except ReconcileError as error:
        _show(error)
        return error.exit_code
    except SystemExit as error:
        return ExitCode.OK if not error.code else ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.OK
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        _show(LocalError.because(what))
        return ExitCode.FAILED
    except MemoryError:
        _show(LocalError.because(NO_MEMORY, hint=LESS))
        return ExitCode.FAILED
    except Exception as error:  # noqa: BLE001 - the one place that may: users get no traceback
        return _internal(error)
    return code


def _run(words: list[str], signals: Signals) -> ExitCode:
    if words[:1] == [COMPLETE]:
        from reconciler.cli.complete import complete

        complete(words[1:], COMMANDS)
        return ExitCode.OK
    words = with_sandbox_value(_without_help(words))
    command, rest = split_command(words)
    if not command:
        return _without_command(rest)
    if command not in COMMANDS:
        raise UsageError.because(
            f"unknown command `{command}`",
            hint=nearest(command, COMMANDS) or f"one of: {', '.join(COMMANDS)}",
        )
    module = module_of(command)
    parser = Parser(command, module.SUMMARY, module.EXAMPLES)
    module.add_arguments(parser)
    shown = module.help_about(parser, rest) if hasattr(module, "help_about") else ""
    if shown:
        sys.stdout.write(shown)
        return ExitCode.OK
    options, unknown = parser.parse_known_args(rest)
    parser.refuse_unknown(unknown)
    from reconciler.cli.session import Session

    with Session(options, signals) as session:
        try:
            code: ExitCode = module.run(session)
        except ReconcileError as error:
            # Shown before the sandbox is let go of, which may take a moment.
            _show(error)
            _document_failure(module, session, error)
            return error.exit_code
        except BrokenPipeError:
            raise
        except Exception as error:
            _document_failure(module, session, UnforeseenError.of(error))
            raise
    return code


def _without_help(words: list[str]) -> list[str]:
    """Return `help COMMAND` as `COMMAND --help`."""
    return [*words[1:], "--help"] if words and words[0] == "help" else words


def _document_failure(module: ModuleType, session: Session, error: ReconcileError) -> None:
    """Write the document that was asked for, where there is nothing in it but the error."""
    if getattr(session.options, "output", "text") != "text" and hasattr(module, "failed"):
        session.out.raw(module.failed(session.options, error))
    if hasattr(module, "publish_failure"):
        module.publish_failure(session, error)


def _without_command(words: list[str]) -> ExitCode:
    if "--version" in words:
        sys.stdout.write(f"reconcile {version()}\n")
        return ExitCode.OK
    unknown = [w for w in words if w not in ("-h", "--help")]
    if unknown:
        options = ("--help", "--version", "--sandbox", "--color", "--verbose", "--quiet")
        raise UsageError.because(
            f"no command is given; {unknown[0].split('=')[0]} alone does nothing",
            hint=nearest(unknown[0], options) or "see `reconcile --help`",
        )
    table = "\n".join(f"  {name:<12}{text}" for name, text in COMMANDS.items())
    stream = sys.stdout if words else sys.stderr
    stream.write(HELP.format(commands=table))
    return ExitCode.OK if words else ExitCode.USAGE


def _show(error: ReconcileError) -> None:
    from reconciler.render.diagnostics_text import problems
    from reconciler.render.terminal import Terminal

    Terminal.of(sys.stderr, _colour()).write(problems(error.diagnostics))


def _colour() -> str:
    """Return the word after `--color`, for errors that come before the options are known."""
    words = [w.partition("=")[2] or w for w in sys.argv if w.startswith("--color=")]
    return words[-1] if words and words[-1] in ("always", "never") else "auto"


def _internal(error: Exception) -> ExitCode:
    from reconciler.render.terminal import Terminal, clean

    if os.environ.get("RECONCILE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    text = shortened(clean(f"{type(error).__name__}: {error}"), 300)
    Terminal.of(sys.stderr).say(
        f"error: internal error in reconcile {version()}: {text}; "
        "set RECONCILE_DEBUG=1 for the traceback"
    )
    return ExitCode.INTERNAL


def version() -> str:
    """Return the version of this tool."""
    from importlib.metadata import version as of

    return of("reconcile-azureml")
