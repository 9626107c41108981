"""Events in: read as the ledger's door reads them, and kept, or answered with what is wrong."""
