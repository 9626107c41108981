"""Events in: read as the ledger's input reads them, and kept, or answered with what is wrong."""
