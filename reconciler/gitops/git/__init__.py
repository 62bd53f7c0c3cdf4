"""A git repository as the source of specs: asked over HTTPS or SSH, read in memory, without git."""
