"""What can go wrong, as data: positions, diagnostics, exit codes and every exception class.

The lowest layer but for `secrets` and `reasons`: everything else may import it. A problem is scrubbed of
secrets when it is made, before anything can shorten it. It is
created where it is noticed, usually without a place; whoever owns the document adds the
place. `render` alone turns diagnostics into text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum

from reconciler.reasons import Because
from reconciler.secrets import on_one_line, scrub


class ExitCode(IntEnum):
    """The process exit codes, stable for scripts."""

    OK = 0
    FAILED = 1
    CHANGES = 2
    PENDING = 3
    DENIED = 4
    REFUSED = 5
    USAGE = 64
    INVALID_SPEC = 65
    INTERNAL = 70
    UNAVAILABLE = 75
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class Severity(Enum):
    """How much a diagnostic matters: only errors stop a command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return `file:line:col`, the form editors and CI matchers read."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Diagnostic:
    """One problem: what (`summary`), where (`position`), why (`detail`), what next (`hint`).

    `because` completes the summary, and `details` stand before the detail: typed reasons,
    which `render` puts into words.
    """

    summary: str
    position: Position | None = None
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    path: tuple[str | int, ...] = field(default=(), compare=False)
    id: str = field(default="", compare=False)
    """Of a warning: what the spec can accept it as. Stable, for tools."""
    address: str = field(default="", compare=False)
    """What it is about, or what that is in; "" where it is of the whole spec, or nobody knows."""
    code: str = field(default="", compare=False)
    """The code of Azure's error that it was made of: what tells two problems of one resource apart."""
    because: Because | None = None
    details: tuple[Because, ...] = ()

    def __post_init__(self) -> None:
        """Take out what nobody may see: Azure's own words may echo what we sent."""
        for name in ("summary", "detail", "hint"):
            text = getattr(self, name)
            clean = scrub(text)
            if clean != text:
                object.__setattr__(self, name, clean)

    def at(self, position: Position | None) -> Diagnostic:
        """Return the same problem with a place, unless it has one already."""
        return self if self.position or position is None else replace(self, position=position)

    @property
    def headline(self) -> str:
        """`file:line:col: error: what`, on one line."""
        place = f"{self.position}: " if self.position else ""
        return f"{place}{self.severity.value}: {self.summary}"


class ReconcileError(Exception):
    """Base of all our errors: carries the diagnostics to show and the exit code to leave with."""

    exit_code = ExitCode.FAILED

    def __init__(self, *diagnostics: Diagnostic) -> None:
        """Keep the diagnostics; the exception's text is their headlines."""
        super().__init__("; ".join(d.headline for d in diagnostics))
        self.diagnostics: Sequence[Diagnostic] = diagnostics
        self.in_doubt = False
        """Whether Azure may have done what was asked, and it must not be asked a second time."""

    @classmethod
    def because(cls, summary: str, *, detail: str = "", hint: str = "") -> ReconcileError:
        """Build the error from one problem without a place."""
        return cls(Diagnostic(summary, detail=detail, hint=hint))


class UsageError(ReconcileError):
    """The command line cannot be understood."""

    exit_code = ExitCode.USAGE


class SpecError(ReconcileError):
    """The spec is wrong; nothing was sent to Azure."""

    exit_code = ExitCode.INVALID_SPEC


class DeniedError(ReconcileError):
    """Sign-in failed, or the identity lacks a permission."""

    exit_code = ExitCode.DENIED


class RefusedError(ReconcileError):
    """We stopped for safety: not ours, protected, stale plan, not confirmed."""

    exit_code = ExitCode.REFUSED


class NameBlockedError(RefusedError):
    """A name that cannot be used: others have it (`name`), or Azure keeps it (`soft-deleted`)."""

    def __init__(self, *diagnostics: Diagnostic, check: str) -> None:
        """Keep which of the two it is, as a plan's findings call it."""
        super().__init__(*diagnostics)
        self.check = check


class UnavailableError(ReconcileError):
    """Azure could not be reached or throttled us beyond the budget."""

    exit_code = ExitCode.UNAVAILABLE


class UnconnectedError(UnavailableError):
    """No connection came about, so nothing was sent; `final`: another try changes nothing."""

    def __init__(self, *diagnostics: Diagnostic, final: bool = False) -> None:
        """Keep whether to try again."""
        super().__init__(*diagnostics)
        self.final = final


class LocalError(ReconcileError):
    """This machine stood in the way: a file, a folder, a port."""

    exit_code = ExitCode.FAILED


class PendingError(ReconcileError):
    """Azure is still working when our wait ended; running again resumes."""

    exit_code = ExitCode.PENDING


class DeadlineError(PendingError):
    """The time that the user gave with `--timeout` is over."""


class OverdueError(ReconcileError):
    """One resource took longer than anything of its kind may: a run does not wait for it."""


class InterruptedRun(ReconcileError):  # noqa: N818 - a signal, not a fault
    """A signal asked us to stop."""

    exit_code = ExitCode.INTERRUPTED


REPORT_FORM = "run the same command again; if it persists, please report it with what `-v` shows"


class MalformedError(ReconcileError):
    """An answer of Azure that is not in the form of its kind: that read has failed, no other."""

    @classmethod
    def of(cls, error: Exception) -> MalformedError:
        """Return it for what came of reading the answer."""
        return cls(
            Diagnostic(
                "Azure's answer has an unexpected form",
                detail=on_one_line(f"to read it failed: {type(error).__name__}: {error}", 300),
                hint=REPORT_FORM,
            )
        )

    @classmethod
    def at(cls, name: str, fault: str) -> MalformedError:
        """Return it for a member that was looked at: what is wrong with it."""
        what = f"Azure's answer has an unexpected form: `{name}` is {fault}"
        return cls(Diagnostic(what, hint=REPORT_FORM))


FORM_ERRORS = (AttributeError, TypeError, LookupError, ValueError, ArithmeticError, RecursionError)
"""What comes of reading a value of another type than it has."""


class UnforeseenError(ReconcileError):
    """An answer of Azure, or a mistake of ours, that no code was written for.

    It stops one resource only: what became of all others must still be told.
    """

    @classmethod
    def of(cls, error: Exception) -> UnforeseenError:
        """Return it for any exception."""
        text = on_one_line(f"{type(error).__name__}: {error}", 300)
        return cls(
            Diagnostic(
                "an unexpected error occurred",
                detail=text,
                hint="run the same command again; if it persists, please report it",
            )
        )


class ApiError(ReconcileError):
    """Azure answered a request with an error.

    `status` is the HTTP status, `code` ARM's error code ("" when the body had none).
    """

    def __init__(self, status: int, code: str, *diagnostics: Diagnostic) -> None:
        """Keep status and code, which callers branch on; the problems carry the code too."""
        super().__init__(*(d if d.code else replace(d, code=code) for d in diagnostics))
        self.status = status
        self.code = code
        self.retry_after_s: float | None = None

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]  # depends on the answer
        """Permission problems and outages have exit codes of their own."""
        if self.status in (401, 403):
            return ExitCode.DENIED
        return ExitCode.UNAVAILABLE if self.status in (429, 503) else ExitCode.FAILED


def errors_of(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return only the diagnostics that stop a command."""
    return [d for d in diagnostics if d.severity is Severity.ERROR]
