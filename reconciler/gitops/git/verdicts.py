"""What came of looking at one signature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import LocalError
from reconciler.gitops.records import ConditionReason
from reconciler.limits import MIB
from reconciler.secrets import on_one_line

MOST_KEYS_BYTES = 4 * MIB


@dataclass(frozen=True)
class Verdict:
    """Whether a signature counts, by whom it is or why not, and what to do then."""

    reason: ConditionReason
    said: str
    hint: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it counts."""
        return self.reason is ConditionReason.VERIFIED

    def of(self, what: str) -> Verdict:
        """Return the same, said of a commit or a tag."""
        return Verdict(self.reason, f"{what} {self.said}", self.hint)


def good(signer: str, key: str) -> Verdict:
    """Return the verdict on a signature that counts."""
    return Verdict(ConditionReason.VERIFIED, on_one_line(f"is signed by {signer} ({key})", 200))


def bad(why: str) -> Verdict:
    """Return the verdict on a signature that is not of what it stands beside."""
    return Verdict(
        ConditionReason.BAD_SIGNATURE,
        on_one_line(f"has a bad signature: {why}", 300),
        "nobody but an attacker or a damaged repository makes one: look who pushed it",
    )


def unknown(why: str, hint: str) -> Verdict:
    """Return the verdict on a signature of somebody who does not count."""
    return Verdict(ConditionReason.UNKNOWN_SIGNER, on_one_line(why, 300), hint)


def keys_in(path: str, field: str) -> bytes:
    """Return a file of keys, read anew so that keys can be changed. Raises `LocalError`."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_KEYS_BYTES + 1)
    except OSError as error:
        raise unusable(path, field, error.strerror or str(error)) from error
    if len(content) > MOST_KEYS_BYTES:
        raise unusable(path, field, f"it is larger than {MOST_KEYS_BYTES // MIB} MiB")
    return content


def unusable(path: str, field: str, why: str) -> LocalError:
    """Return the error for a file of keys that cannot be used: nobody can be believed then."""
    problem = LocalError.because(
        f"the keys in {path} cannot be used",
        detail=on_one_line(why, 300),
        hint=f"`source.verify.{field}` in loop.yaml names them",
    )
    assert isinstance(problem, LocalError)
    return problem
