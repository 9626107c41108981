"""Budgets and their lines, commitment entries, payment orders and payments."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table

from services.projector.tables.columns import (
    HALF_FULL,
    Cents,
    Json,
    act,
    beneficiary,
    cents,
    days,
    index_where_named,
    key,
    keys,
    line,
    metadata,
    search_text,
    text,
    texts,
)

budgets: Final = Table(
    "budgets",
    metadata,
    key("budget"),
    *texts("entity", "code", nullable=False),
    Column("fiscal_year", Integer, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    text("head", nullable=False),
    text("vote_level"),
    *days("voted_on", "closed_on"),
    Index("budgets_by_entity", "entity"),
    Index("budgets_by_partition", "partition"),
    postgresql_with=HALF_FULL,
    comment="A budget: one public entity (SIRET), one budget code, one fiscal year. `head` is the "
    "hash of its last record, `sequence` that record's number.",
)

lines: Final = Table(
    "lines",
    metadata,
    key("budget"),
    *line(in_key=True),
    *cents("appropriated", "available", "reserved", "committed", "ordered", "paid", "carried_over"),
    postgresql_with=HALF_FULL,
    comment="The money of each budget line by stage; appropriated is the sum of the others.",
)

commitment_entries: Final = Table(
    "commitment_entries",
    metadata,
    key("entry_id"),
    text("budget", nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("item", Integer, nullable=False),
    text("kind", nullable=False),
    *line(),
    Column("amount_cents", Cents, nullable=False),
    text("convention"),
    *act(),
    Column("effective_on", Date, nullable=False),
    Index("entries_by_budget", "budget", "sequence", "item", unique=True),
    comment="Commitment entries (écritures d'engagement); the kind gives the sense.",
)

payment_orders: Final = Table(
    "payment_orders",
    metadata,
    *keys("budget", "payment_order"),
    *texts("convention", "instalment", nullable=False),
    Column("amount_cents", Cents, nullable=False),
    Column("paid_cents", Cents, nullable=False),
    text("state", nullable=False),
    *days("due_on", "issued_on", nullable=False),
    *beneficiary(),
    text("iban", nullable=False),
    text("bic"),
    text("holder", nullable=False),
    *texts("title", "previous", "reason_code", "reason_label"),
    Column("state_on", Date),
    Column("sequence", BigInteger, nullable=False),
    Column("item", Integer, nullable=False),
    Column("state_sequence", BigInteger, nullable=False),
    Column("acknowledged_on", Date),
    search_text(),
    Index("orders_by_name", "folded"),
    Index("orders_by_amount", "amount_cents"),
    Index("orders_by_state", "state", "due_on"),
    Index("orders_by_due", "due_on", "budget", "payment_order"),
    Index("orders_by_convention", "budget", "convention"),
    index_where_named("orders_by_previous", "previous", "budget", "previous"),
    Index("orders_by_record", "budget", "sequence", "item", unique=True),
    postgresql_with=HALF_FULL,
    comment="Payment orders (mandats). State: issued, taken_in_charge, on_hold, rejected, paid, "
    "cancelled, since `state_on`: the day of what set it. `acknowledged_on`, `reason_…` are of the "
    "last acknowledgement, `state_sequence` the record that changed the order last. `folded` "
    "is its reference.",
)

payment_order_lines: Final = Table(
    "payment_order_lines",
    metadata,
    *keys("budget", "payment_order", "position"),
    *line(),
    Column("amount_cents", Cents, nullable=False),
    Column("services", Json),
    comment="What an order pays on which line, with its services.",
)

payments: Final = Table(
    "payments",
    metadata,
    *keys("budget", "sequence"),
    text("payment_order", nullable=False),
    Column("amount_cents", Cents, nullable=False),
    Column("executed_on", Date, nullable=False),
    text("bank_reference"),
    Index("payments_by_order", "budget", "payment_order"),
    Index("payments_by_amount", "amount_cents"),
    comment="Payments executed by the treasury; an order may be paid in parts.",
)
