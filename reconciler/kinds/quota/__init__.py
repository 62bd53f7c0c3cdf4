"""Cores: sizes, how many a spec needs, how many are allowed."""
