"""Samples of consumer groups, taken from the cluster."""
