"""The ledger: the writer of the journal. `domain/` is pure; the rest is its shell."""
