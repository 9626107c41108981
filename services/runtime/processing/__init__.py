"""Consumer-group workers and partition tasks: batches in transactions, failures, status."""
