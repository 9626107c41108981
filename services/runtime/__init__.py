"""What every service on Kafka stands on. It knows records, and no status of the trade."""
