"""The oracle: two worlds are equal when their canonical states are."""

from reconciler.sandbox.canonical import canonical, difference

__all__ = ["canonical", "difference"]
