"""Deadlines, owed documents and waiting events, derived from the journal alone.

The moment is an argument of each function. Days are those of Europe/Paris.
"""
