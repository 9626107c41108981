"""The schema of the treasury, version by version."""
