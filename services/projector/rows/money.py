"""The money of a record: sums of lines and conventions, and rows of moves, entries and orders.

The tables of columns map each stage to its sum; the moves are the ledger's.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from events.folding import folded
from events.journal import PaymentOrder, Reason, Record
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from services.projector.rows.changes import Changes, Members
from services.projector.rows.column_values import as_json, day_of

LINE_COLUMNS: Final[Mapping[str | None, int]] = MappingProxyType(
    {
        None: 0,
        "available": 1,
        "reserved": 2,
        "committed": 3,
        "ordered": 4,
        "paid": 5,
        "carried_over": 6,
    }
)
"""The column of a line for each stage; money from outside the budget is appropriated."""

GRANTED: Final = 0

CONVENTION_LOSES: Final[Mapping[str | None, int]] = MappingProxyType(
    {"committed": 1, "ordered": 2, "paid": 3}
)
"""The column of a convention that money leaves; other money is granted to it."""

CONVENTION_GAINS: Final[Mapping[str | None, int]] = MappingProxyType(
    {"committed": 1, "ordered": 2, "paid": 3, "available": 4, "carried_over": 5}
)
"""The column of a convention that money arrives in."""


def add_moves(changes: Changes, record: Record, day: date | None) -> None:
    """The moves of a record, which took effect on that day, and what they add up to."""
    budget, sequence = record.budget, record.sequence
    rows = changes.appended["moves"]
    for item, move in enumerate(record.moves or (), start=1):
        codes, cents = move.line.codes, move.amount_cents
        origin, target, convention = move.origin, move.target, move.convention
        named = (convention, move.instalment, origin, target, cents, day)
        rows.append((budget, sequence, item, *codes, *named))
        line = changes.row_to_add_to("lines", (budget, *codes))
        line[LINE_COLUMNS[origin]] += cents if origin is None else -cents
        line[LINE_COLUMNS[target]] += -cents if target is None else cents
        if convention is None:
            continue
        money = changes.row_to_add_to("convention_lines", (budget, convention, *codes))
        loses = CONVENTION_LOSES.get(origin)
        if loses is None:
            money[GRANTED] += cents
        else:
            money[loses] -= cents
        money[CONVENTION_GAINS[target]] += cents


def add_entries(changes: Changes, record: Record) -> None:
    """The commitment entries of a record."""
    for item, entry in enumerate(record.commitment_entries or (), start=1):
        place = (record.budget, record.sequence, item)
        money = (*entry.line.codes, entry.amount_cents, entry.convention)
        because = (*entry.act.row, entry.effective_on)
        changes.append("commitment_entries", entry.entry_id, *place, entry.kind, *money, *because)


def add_orders(changes: Changes, record: Record) -> None:
    """The payment orders that a record issued or changed."""
    for item, order in enumerate(record.payment_orders or (), start=1):
        key = (record.budget, order.payment_order)
        members = {
            "paid_cents": order.paid_cents,
            "state": order.state,
            "state_sequence": record.sequence,
        }
        if order.issued_on is None:
            changes.patch("payment_orders", key, members | _new_state(record, order))
        else:
            changes.put_row("payment_orders", key, members | _issued(order, record.sequence, item))
            _add_order_lines(changes, record.budget, order)


PAID: Final = "paid"


def _new_state(record: Record, order: PaymentOrder) -> Members:
    """The day of the order's new state, and the accountant's reason."""
    event = record.event
    assert event is not None, "an order changes by an event"
    if event.type == PaymentExecuted.TYPE and order.state != PAID:
        return {}  # A partial payment leaves the state (rules, 20).
    members: Members = {"state_on": day_of(event)}
    if event.type == PaymentOrderAcknowledged.TYPE:
        reason = event.data.reason if isinstance(event.data.reason, Reason) else None
        members["acknowledged_on"] = event.data.on
        members["reason_code"] = reason and reason.code
        members["reason_label"] = reason and reason.label
    return members


def _issued(order: PaymentOrder, sequence: int, item: int) -> Members:
    assert order.beneficiary is not None, "an issued order has a beneficiary"
    assert order.bank_account is not None, "an issued order has a bank account"
    return {
        "convention": order.convention,
        "instalment": order.instalment,
        "amount_cents": order.amount_cents,
        "due_on": order.due_on,
        "issued_on": order.issued_on,
        "beneficiary": order.beneficiary.name,
        "siret": order.beneficiary.siret,
        "representative": order.beneficiary.representative,
        "iban": order.bank_account.iban,
        "bic": order.bank_account.bic,
        "holder": order.bank_account.holder,
        "title": order.title,
        "previous": order.previous,
        "reason_code": None,
        "reason_label": None,
        "state_on": order.issued_on,
        "acknowledged_on": None,
        "sequence": sequence,
        "item": item,
        "folded": folded(order.payment_order),
    }


def _add_order_lines(changes: Changes, budget: str, order: PaymentOrder) -> None:
    for position, each in enumerate(order.lines, start=1):
        place = (budget, order.payment_order, position)
        money = (*each.line.codes, each.amount_cents, as_json(each.services))
        changes.append("payment_order_lines", *place, *money)
