"""Texts of the console: codes of the ledger, and what each page says beside them."""
