"""Official request examples against the sandbox: accepted as they are, refused when mutated."""
