"""Slips, returns and entries against the ledger, the ERP's totals against the entries."""
