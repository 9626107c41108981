"""The ledger on Kafka: partition work, state topic, journal topic."""
