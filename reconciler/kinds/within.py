"""Where the resources of a kind live: inside those of another, in one of its lists.

Azure deletes a workspace with its clusters and endpoints, and an endpoint with its deployments.
A kind says of itself what it goes with, so that adding one changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Within:
    """That resources of a kind live inside those of the kind `parent`.

    `collection` is the last part of the path that lists them there: `computes`. `by_us`: a spec
    makes them there, so what it names no more is looked for.
    """

    parent: str
    collection: str
    by_us: bool = True
