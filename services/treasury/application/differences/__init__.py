"""Differences between what the treasury has and what the ledger, returns and the ERP have."""
