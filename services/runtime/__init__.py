"""What every service on Kafka stands on. It knows records, and no word of the trade."""
