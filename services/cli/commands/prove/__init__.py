"""A journal proved, sealed, and asked what would be."""
