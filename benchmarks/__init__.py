"""Benchmarks of the whole process: `python -m benchmarks` prints one table."""
