"""Accounting entries: what each record of the ledger posts, and the messages of it."""
