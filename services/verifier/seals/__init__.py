"""Seals: the statement, its signature, and a journal held against it."""
