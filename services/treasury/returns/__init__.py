"""Returns of the accountant and answers of the gateway, as events for the ledger and findings."""
