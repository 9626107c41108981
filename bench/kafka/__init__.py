"""What the ledger does on a real broker, and what others do there with the same events."""
