"""The watch: lag of every consumer, what waits, and a second opinion on the ledger's balances."""
