"""Recorded Azure traffic, sent to the sandbox and compared with what Azure answered."""
