"""Access to the read model, Kafka, other servers, the clock and random numbers."""
