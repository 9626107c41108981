"""What the treasury does: slips, files, returns, accounting entries, open data."""
