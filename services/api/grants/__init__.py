"""Grants with their conventions and instalments."""
