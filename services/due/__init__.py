"""Deadlines, owed documents and waiting events, derived from the journal alone.

The moment is always given: nothing here asks a clock. Days are those of the town, in Europe/Paris.
"""
