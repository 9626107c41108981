"""The taking of one file: the pieces of a return, or the answer of the gateway."""
