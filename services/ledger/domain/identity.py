"""Who an event is, and what it says, in few bytes: a year of events must fit in memory."""

KEPT_BYTES = 15
"""120 bits of SHA-256: no two events of a budget share them by chance, in half the memory."""


def shortened(digest: bytes) -> int:
    """The part of a SHA-256 that the ledger remembers."""
    return int.from_bytes(digest[:KEPT_BYTES], "big")
