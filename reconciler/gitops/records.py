"""What the loop knows of each spec, as data: revisions, conditions, events, the end of a pass.

Conditions have the shape of KEP-1623, so that whoever reads Flux or Kubernetes reads these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.types import Address

REVISION = re.compile(r"(?P<ref>[^@\s]{1,200})@sha1:(?P<commit>[0-9a-f]{40})")


@dataclass(frozen=True)
class Revision:
    """A commit, and the short name of the ref that it was found by, as Flux writes it."""

    ref: str
    commit: str

    def __str__(self) -> str:
        """Return `main@sha1:<40 hex>`, the form in tags, conditions and events."""
        return f"{self.ref}@sha1:{self.commit}"

    @property
    def short(self) -> str:
        """The commit as people write it."""
        return self.commit[:12]

    @classmethod
    def parse(cls, text: str) -> Revision | None:
        """Return the revision that `__str__` wrote; None for any other text."""
        found = REVISION.fullmatch(text)
        return cls(found["ref"], found["commit"]) if found else None


@dataclass(frozen=True)
class Tree:
    """The files of one revision in a private folder: regular files only, written from git objects.

    `author` is whom the commit names, `time` when it says that it was made: both are claims.
    """

    revision: Revision
    folder: Path
    author: str = ""
    time: datetime | None = None


class ConditionType(StrEnum):
    """What a condition is about."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    SOURCE_VERIFIED = "SourceVerified"
    SYNCED = "Synced"
    HEALTHY = "Healthy"
    APPROVED = "Approved"
    LEASE_HELD = "LeaseHeld"


class ConditionStatus(StrEnum):
    """What a condition says."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class ConditionReason(StrEnum):
    """Why a condition is as it is: one word that scripts may compare."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    WAITING_FOR_APPROVAL = "WaitingForApproval"
    OUTSIDE_WINDOW = "OutsideWindow"
    SUSPENDED = "Suspended"
    POLICY_VIOLATION = "PolicyViolation"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    CONTENDED = "Contended"
    STALLED = "Stalled"
    TOO_MANY_DELETES = "TooManyDeletes"
    TOO_MANY_RUNS = "TooManyRuns"
    PROGRESSING = "Progressing"
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry"
    WAITING = "Waiting"
    SUPERSEDED = "Superseded"
    INVALID_SPEC = "InvalidSpec"
    ACCESS_DENIED = "AccessDenied"
    REWOUND_HISTORY = "RewoundHistory"
    NOT_VERIFIED = "NotVerified"
    QUOTA_DENIED = "QuotaDenied"
    NOT_FOUND = "NotFound"
    AZURE_UNAVAILABLE = "AzureUnavailable"
    SOURCE_UNAVAILABLE = "SourceUnavailable"
    FEED_UNAVAILABLE = "FeedUnavailable"
    VERIFIED = "Verified"
    NOT_ASKED = "NotAsked"
    BAD_SIGNATURE = "BadSignature"
    UNKNOWN_SIGNER = "UnknownSigner"
    IN_SYNC = "InSync"
    DRIFTED = "Drifted"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"
    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    APPROVED = "Approved"
    NOT_NEEDED = "NotNeeded"
    HELD = "Held"
    HELD_BY_ANOTHER = "HeldByAnother"
    RECOVERED = "Recovered"
    NOTIFICATION_FAILED = "NotificationFailed"


@dataclass(frozen=True)
class Condition:
    """One statement about a spec. `transition` is when `status` was last another one (UTC)."""

    type: ConditionType
    status: ConditionStatus
    reason: ConditionReason
    message: str = ""
    revision: Revision | None = None
    transition: datetime | None = None


@dataclass(frozen=True)
class Drift:
    """A field that somebody else changed, and who, where the change feed tells.

    `field` is the spec's word for it, `path` where it is in the body.
    """

    address: Address
    field: str
    changed_by: str = ""
    client: str = ""
    operation: str = ""
    time: datetime | None = None
    path: str = ""

    def by(self, author: Drift) -> Drift:
        """Return the same field, with who the feed says changed it."""
        return replace(author, address=self.address, field=self.field, path=self.path)


@dataclass(frozen=True)
class Working:
    """A resource that Azure works on. `phase` is Azure's word for it, "" where it has begun just now."""

    address: Address
    kind: str
    phase: str = ""


@dataclass(frozen=True)
class PassEnd:
    """How one pass of one spec ended; what reports, metrics and the status page are made of.

    `effect` is the digest of what the plan would do, "" where it does nothing; `writes` how many
    requests changed something; `plan` the plan as JSON (`render.plan_json`), None where none was
    made. `is_pending`: Azure still works, and the next pass looks again. Problems carry the `address`
    of what they are about. `contended` are fields that are not corrected for now, `approvals` what an approval has to name;
    `interval_s` is how often the spec is looked at.
    """

    spec: str
    revision: Revision | None
    conditions: tuple[Condition, ...]
    began: datetime
    ended: datetime
    effect: str = ""
    writes: int = 0
    reads: int = 0
    is_pending: bool = False
    drift: tuple[Drift, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    plan: dict[str, object] | None = None
    applied: Revision | None = None
    contended: tuple[Drift, ...] = ()
    approvals: tuple[str, ...] = ()
    working: tuple[Working, ...] = ()
    interval_s: float = 600.0

    def condition(self, wanted: ConditionType) -> Condition | None:
        """Return the condition of a type, None where nothing is known of it."""
        return next((c for c in self.conditions if c.type is wanted), None)


@dataclass(frozen=True)
class Event:
    """Something worth telling once. Equal by what it is about, never by the words of `message`."""

    time: datetime
    severity: Severity
    spec: str
    reason: ConditionReason
    message: str
    revision: Revision | None = None
    effect: str = ""
    address: Address = ""
    code: str = ""
    changed_by: str = ""
    count: int = 1

    @property
    def about(self) -> tuple[str, str, Address, str]:
        """What makes two events the same one; request ids and times in messages do not."""
        return self.spec, self.reason.value, self.address, self.code


def transitions(
    before: Iterable[Condition], now: Iterable[Condition], at: datetime
) -> tuple[Condition, ...]:
    """Return the conditions of now with when the status of each was last another one."""
    known = {condition.type: condition for condition in before}
    return tuple(_since(known.get(condition.type), condition, at) for condition in now)


def _since(old: Condition | None, new: Condition, at: datetime) -> Condition:
    since = old.transition if old and old.status is new.status else at
    return Condition(new.type, new.status, new.reason, new.message, new.revision, since)
