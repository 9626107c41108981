"""Rows of state found without what was touched, and comparable whatever the commits were."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.ledger.application.ports import StateKey
from services.ledger.application.state_rows import KINDS, take_changed_rows
from services.ledger.domain.model.book import KEPT_BYTES, BudgetState

Rows = dict[StateKey, bytes | None]

EVENT_BYTES = 1 + 2 * KEPT_BYTES
"""Of a remembered event: is it a recovery, who is it, what did it say."""


def all_rows(state: BudgetState) -> Rows:
    """Every row of a budget, as a store would hold them that begins with it."""
    unwritten = BudgetState(state.book, replace(state.memory, remembered_rows=0))
    unwritten.new_identities = list(state.memory.remembered)
    for kind, each in KINDS.items():
        unwritten.touched[kind] = set(each.of(state))
    return dict(take_changed_rows(unwritten))


def one_by_one(rows: Iterable[tuple[StateKey, bytes | None]]) -> Rows:
    """The same with a row a remembered event: which stand in one row depends on the commits."""
    found: Rows = {}
    for row, value in rows:
        if row.kind != "remembered" or value is None:
            found[row] = value
            continue
        for first in range(0, len(value), EVENT_BYTES):
            event = value[first : first + EVENT_BYTES]
            key = row._replace(key=event[: 1 + KEPT_BYTES].hex())
            assert key not in found, "no event is remembered twice"
            found[key] = event
    return found


def kept(budgets: Mapping[str, BudgetState]) -> Rows:
    """The state of budgets, to be compared with another, or with what a store holds."""
    return one_by_one(row for state in budgets.values() for row in all_rows(state).items())
