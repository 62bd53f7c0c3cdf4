"""Identities and the roles they are granted."""
