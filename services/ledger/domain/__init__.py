"""The domain of the ledger: credits, grants, conventions, orders. No I/O, no clock, no float."""
