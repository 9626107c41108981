"""The tables of the read model, as a finance officer's analyst would ask them.

Every figure is the sum of the journal's moves; everything else is copied from records.
Amounts are integer cents (`_cents`), days end in `_on`. Of a budget line, '' stands for a function
or an operation that it does not have: both belong to its key. `sequence` is the place of a record
in its budget's journal; with the budget it names the record behind every row.
"""

# ruff: noqa: F403 # all tables, by their names

from services.projector.tables.columns import metadata as metadata
from services.projector.tables.grants import *
from services.projector.tables.money import *
from services.projector.tables.records import *
