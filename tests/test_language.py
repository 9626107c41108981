"""The language of the source: the field's terms, and docstrings that say what a thing is."""
