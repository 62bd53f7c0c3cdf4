"""Make a plan: read, decide, check, order. Writes nothing."""
