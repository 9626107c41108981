"""Periodic work on the tables that needs no Kafka: slips by a schedule, the folder of returns."""
