"""Slips: numbered, issued, exported, cancelled; the orders that wait for one; their messages."""
