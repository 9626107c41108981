"""Identities and digests of events in few bytes: a year of events must fit in memory."""

KEPT_BYTES = 15
"""120 bits of SHA-256: no two events of a budget share them by chance, in half the memory."""


def brief(digest: bytes) -> bytes:
    """The part of a SHA-256 that the ledger remembers."""
    return digest[:KEPT_BYTES]


def shortened(digest: bytes) -> int:
    """The same as a number: what is remembered a million times must be small."""
    return int.from_bytes(brief(digest), "big")
