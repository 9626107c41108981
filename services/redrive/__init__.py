"""Redrive: dead letters read back, and sent to the ledger's input again, as they were or corrected.

The ledger decides a record that was sent again as any other: by its identity, so nothing of it can
be applied twice. Beside it stands an event `ecluse.record.reviewed.v1`, which says of which dead
letter, by whom and why, and takes the dead letter off the list of what is to do.
"""
