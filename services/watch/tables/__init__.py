"""Tables of what was read, fed record by record."""
