"""Payment orders."""
