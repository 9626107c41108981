"""The settings of every role: read, listed, and held against each other."""
