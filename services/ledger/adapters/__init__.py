"""The stores of the ledger, each behind the port of `services.ledger.ports`."""
