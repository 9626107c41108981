"""What every service on Kafka stands on. It knows records and partitions, and nothing of money."""
