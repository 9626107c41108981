"""What an operator does to a cluster."""
