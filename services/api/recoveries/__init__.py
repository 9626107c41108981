"""Recoveries (reversements): the list."""
