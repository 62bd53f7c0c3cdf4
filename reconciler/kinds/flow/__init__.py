"""Prompt flows."""
