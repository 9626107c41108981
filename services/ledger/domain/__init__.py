"""What the ledger knows: credits, grants, conventions, orders. No I/O, no clock, no float."""
