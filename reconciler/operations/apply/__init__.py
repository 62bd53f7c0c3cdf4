"""Carry a plan out, one resource at a time, and report what became of each."""
