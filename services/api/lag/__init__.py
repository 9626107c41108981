"""The lag page and its JSON."""
