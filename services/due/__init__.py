"""What is due, what is owed and what waits: read from the journal alone, told by letters. Pure.

The moment is always given: nothing here asks a clock. Days are those of the town, in Europe/Paris.
"""
