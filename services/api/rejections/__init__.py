"""Refused and parked events, dead letters and review flags."""
