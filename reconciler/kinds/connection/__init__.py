"""Connections of the project, and secrets of key vaults."""
