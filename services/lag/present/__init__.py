"""Presentation of lag, shared by the console, the command line and Prometheus."""
