"""The schema of access, version by version."""
