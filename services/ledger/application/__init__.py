"""The ledger's use cases: handling a record, its messages, state and restoration."""
