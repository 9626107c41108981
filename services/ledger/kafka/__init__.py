"""The ledger on Kafka: partition processor, state topic, journal topic."""
