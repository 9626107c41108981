"""Benchmarks: what an event costs, in time and in memory."""
