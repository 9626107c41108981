"""What left the ledger, compared with the journal: messages, balances, dead letters."""
