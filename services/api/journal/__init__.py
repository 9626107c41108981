"""Records of the journal: one of them, the outcome of an event, a trace, commitment entries."""
