"""Environments: the image in which jobs and deployments run."""
