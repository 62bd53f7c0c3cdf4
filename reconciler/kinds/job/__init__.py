"""Jobs: their inputs, attempts and runs."""
