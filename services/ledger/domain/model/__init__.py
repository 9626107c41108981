"""The state of a budget and the verdicts on its events, as plain data."""
