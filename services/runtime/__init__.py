"""The foundation of every service on Kafka; it knows records, and nothing of what they mean."""
