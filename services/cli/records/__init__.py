"""Journal records, from wherever they are, for people and for programs."""
