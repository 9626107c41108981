"""Webhooks: outcomes posted to the addresses of applications, signed, at least once, in order."""
