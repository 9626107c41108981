"""Balances by line, chapter, convention, grant and beneficiary; the moves of a figure."""
