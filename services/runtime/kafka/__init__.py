"""Kafka clients with bounded waits: reading, transactional writing, topics."""
