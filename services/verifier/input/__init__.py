"""Input records read again by the published schemas and the contract alone."""
