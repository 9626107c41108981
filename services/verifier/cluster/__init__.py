"""A whole cluster proved: each partition of its topics, read and compared."""
