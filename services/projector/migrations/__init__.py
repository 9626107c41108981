"""The read model's schema, version by version: each says how the tables come from the last."""
