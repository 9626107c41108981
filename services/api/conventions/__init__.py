"""Conventions: the list."""
