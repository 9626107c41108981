"""Slips, pieces and findings as data, and the posting table: no I/O, no clock, no chance."""
