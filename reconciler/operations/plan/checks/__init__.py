"""Checks of a plan before its first write: what would fail later, and the way out."""
