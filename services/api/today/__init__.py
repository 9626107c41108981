"""The page Today and the status of the read model."""
