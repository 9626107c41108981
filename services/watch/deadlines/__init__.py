"""Deadline events, written to the ledger's topic of internal events."""
