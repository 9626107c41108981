"""The ledger in files: SQLite and memory stores, replay, export, import."""
