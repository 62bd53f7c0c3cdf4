"""Why something is done, waited for or left as it is: a closed set of typed data.

The lowest layer beside `secrets`, so that a diagnostic can carry one. Code may match on the
types; the words are made by `render` alone, and nobody reads words back. `Reason` says why a
change is made, `Note` what else a plan tells of it, `Protection` who wants something kept.
"""

from __future__ import annotations

from dataclasses import dataclass

# Why a change is made.


@dataclass(frozen=True)
class CannotUpdateInPlace:
    """Azure cannot change these fields of something that exists."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class LastOperationFailed:
    """The last operation on it failed; `message` is Azure's word on it."""

    message: str


@dataclass(frozen=True)
class ParentReplaced:
    """What it is in is replaced, which takes it along."""

    parent: str


@dataclass(frozen=True)
class DependencyReplaced:
    """It must be written again after something that it depends on was replaced."""

    dependency: str


@dataclass(frozen=True)
class SecretsDiffer:
    """Azure holds other secrets than the spec leads to; only apply can tell."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class Unmarked:
    """It exists and does not carry our mark yet."""


@dataclass(frozen=True)
class DeletedSincePlan:
    """Somebody deleted it after the plan was made."""


@dataclass(frozen=True)
class NoLongerInSpec:
    """It carries our mark, and the spec does not name it any more."""


@dataclass(frozen=True)
class NotRegistered:
    """The subscription has not used this resource provider yet."""

    namespace: str


@dataclass(frozen=True)
class QuotaShort:
    """Fewer cores are allowed than the spec needs. `asks`: Azure is asked for more."""

    limit: int
    used: int
    needed: int
    asks: bool
    wait_minutes: int


@dataclass(frozen=True)
class NoRunYet:
    """Nothing has run with these inputs."""


@dataclass(frozen=True)
class InputChange:
    """One input of a run, before and now; None where it was, or is, not there."""

    name: str
    before: str | None
    after: str | None
    files: tuple[str, ...] = ()
    """Of a folder: the files in it that differ, where they are known."""


@dataclass(frozen=True)
class InputsChanged:
    """The inputs are not those of the last run, `since`, whose status was `status`."""

    fields: tuple[InputChange, ...]
    since: str
    status: str


@dataclass(frozen=True)
class OtherRun:
    """It differs from the last run, though in no input that is known of that."""

    run: str
    status: str


@dataclass(frozen=True)
class RetryOf:
    """The user asked to repeat this run, which failed; "" where Azure does not name it."""

    run: str


@dataclass(frozen=True)
class Interrupted:
    """The run was stopped before it came to this."""


Reason = (
    CannotUpdateInPlace
    | LastOperationFailed
    | ParentReplaced
    | DependencyReplaced
    | SecretsDiffer
    | Unmarked
    | DeletedSincePlan
    | NoLongerInSpec
    | NotRegistered
    | QuotaShort
    | NoRunYet
    | InputsChanged
    | OtherRun
    | RetryOf
    | Interrupted
)

# Who wants something kept.


@dataclass(frozen=True)
class ProtectedBySpec:
    """The spec says that it must stay."""


@dataclass(frozen=True)
class ProtectedByTag:
    """Its own tag says that it must stay; `value` is what the tag says."""

    value: str


@dataclass(frozen=True)
class HoldsData:
    """It holds data that no apply can make again. `gone`: it is deleted already."""

    gone: bool = False


Protection = ProtectedBySpec | ProtectedByTag | HoldsData


@dataclass(frozen=True)
class NotMadeAgain:
    """It is gone, and too much would be lost to make it again without a plan that says so."""

    missed: Protection


# What a plan tells beside the reason.


@dataclass(frozen=True)
class UsedAsIs:
    """It exists, is not ours, and is simply used."""


@dataclass(frozen=True)
class NotDeletable:
    """Nothing of its kind can be deleted."""


@dataclass(frozen=True)
class OwnedBy:
    """Another spec has marked it."""

    spec: str


@dataclass(frozen=True)
class NotOurs:
    """Nobody has marked it."""


@dataclass(frozen=True)
class NeededByOthers:
    """Something that stays depends on it."""


@dataclass(frozen=True)
class LinkedFrom:
    """Something that stays, `name`, holds its id."""

    name: str


@dataclass(frozen=True)
class HoldsForeign:
    """Things are in it that are not deleted here; `names` is a short list of them."""

    names: str


@dataclass(frozen=True)
class SomethingInside:
    """Something in it stays."""


@dataclass(frozen=True)
class EndpointStays:
    """The endpoint stays, and its traffic with it."""


@dataclass(frozen=True)
class IsHistory:
    """It is a record of work: a run, a version of data or of a model."""


KeptBecause = (
    Protection
    | IsHistory
    | NotDeletable
    | OwnedBy
    | NotOurs
    | NeededByOthers
    | LinkedFrom
    | HoldsForeign
    | SomethingInside
    | EndpointStays
)


@dataclass(frozen=True)
class Kept:
    """It stays although a deletion was asked for. `hint` is what to do to delete it.

    `left_spec`: it is not in the spec any more, so it would have been pruned.
    """

    why: KeptBecause
    hint: str = ""
    left_spec: bool = False


@dataclass(frozen=True)
class RoleAt:
    """Where a role will hold: an address of the spec, or an ARM id."""

    scope: str


@dataclass(frozen=True)
class NameNotChecked:
    """Azure did not say whether the name is free; `answer` is its error code or status."""

    answer: str


@dataclass(frozen=True)
class Recovered:
    """The soft-deleted one of this name comes back; Azure keeps it until `until`."""

    until: str


@dataclass(frozen=True)
class DataCompared:
    """Files and bytes lie where data is registered, as listed; `unseen`: why nobody could look."""

    files: int = 0
    size: int = 0
    unseen: str = ""


@dataclass(frozen=True)
class GoesWith:
    """It is deleted together with its parent, `parent`."""

    parent: str


Note = UsedAsIs | Kept | RoleAt | NameNotChecked | Recovered | DataCompared | GoesWith

Because = Reason | Protection | NotMadeAgain
"""What a diagnostic may carry as typed data."""


# What a reader must not miss of a change.


@dataclass(frozen=True)
class PrivilegedRole:
    """A role that can change everything in `scope`, or give others rights there."""

    role: str
    scope: str


@dataclass(frozen=True)
class PublicNetwork:
    """It accepts connections from any network."""


@dataclass(frozen=True)
class PaidRun:
    """Something begins to run on machines that are paid for."""


Concern = PrivilegedRole | PublicNetwork | PaidRun
