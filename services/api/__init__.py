"""HTTP over the read model: questions, events in, the console. It decides nothing."""
