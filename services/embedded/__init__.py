"""The embedded mode: ledger, deadlines and read model in the API's process."""
