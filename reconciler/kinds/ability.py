"""What an ability of a kind is: a protocol that is asked for once per class, then remembered.

`isinstance` with a protocol looks for each of its methods on every question before Python 3.12,
which took a twentieth of a plan. What a handler can do is decided by its class, so an ABC's
memory of classes, which is the base of every protocol's, answers all questions but the first.
"""

from __future__ import annotations

from abc import ABCMeta
from typing import Any, Protocol

_OfProtocols: Any = type(Protocol)


class _Remembered(_OfProtocols):  # type: ignore[misc]  # typing gives the metaclass no name
    """Answers by the class of what is asked about, as ABCs do; an attribute of one object is none."""

    def __instancecheck__(self, instance: object) -> bool:
        return ABCMeta.__instancecheck__(self, instance)


class Ability(Protocol, metaclass=_Remembered):
    """The base of the protocols that handlers are asked for with `isinstance`."""
