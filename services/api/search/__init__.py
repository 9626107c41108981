"""One search over everything that the journal names."""
