"""The tables of the read model, as a finance officer's analyst would ask them.

Every figure is the sum of the journal's moves; everything else is copied from records.
Amounts are integer cents (`_cents`), days end in `_on`. Of a budget line, '' stands for a function
or an operation that it does not have: both belong to its key. `sequence` is the place of a record
in its budget's journal; with the budget it names the record behind every row.
"""

from services.projector.tables.columns import metadata
from services.projector.tables.grants import (
    acts,
    bank_accounts,
    convention_lines,
    conventions,
    documents,
    grant_lines,
    grants,
    instalments,
    obligations,
    recoveries,
)
from services.projector.tables.money import (
    budgets,
    commitment_entries,
    lines,
    payment_order_lines,
    payment_orders,
    payments,
)
from services.projector.tables.records import (
    dead_letters,
    journal,
    mentions,
    moves,
    outcomes,
    parked,
    positions,
    refusals,
    review_flags,
)

__all__ = [
    "acts",
    "bank_accounts",
    "budgets",
    "commitment_entries",
    "convention_lines",
    "conventions",
    "dead_letters",
    "documents",
    "grant_lines",
    "grants",
    "instalments",
    "journal",
    "lines",
    "mentions",
    "metadata",
    "moves",
    "obligations",
    "outcomes",
    "parked",
    "payment_order_lines",
    "payment_orders",
    "payments",
    "positions",
    "recoveries",
    "refusals",
    "review_flags",
]
