"""Look at what stands between this machine and Azure, before a plan meets it."""
