"""Folded names, by which grants, conventions, orders and acts are found; amounts by an index."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from events.texts import fold_text
from services.projector.rows.column_values import fold_names, fold_number

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 1_000

COMMENTS = {
    "acts": "Decisions of assemblies. Role: vote, transfer, award, concurring, withdrawal, "
    "amendment, carried (acts that came with an opening event have that event's sequence). "
    "`folded` is the number.",
    "grants": "Grants. What was awarded is as the act of the award says; an amendment may have "
    "raised it since. State: announced (only concurring acts yet), awarded, withdrawn, carried "
    "(awarded by the budget `carried_from`). `folded` is the reference, then title, beneficiary "
    "and SIRET, apart by `|`.",
    "conventions": "Conventions, and grants that stand without one (`stands_alone`, under the "
    "grant's reference, until a convention is signed). State: in_force, suspended, terminated, "
    "with the day and reason of the last turn; withdrawn where the award fell. `continues` is the "
    "name that its money had before record `sequence`: moves and orders of that time bear it "
    "still. `folded` is its name.",
    "payment_orders": "Payment orders (mandats). State: issued, taken_in_charge, on_hold, "
    "rejected, paid, cancelled, since `state_on`: the day of what set it. `acknowledged_on`, "
    "`reason_…` are of the last acknowledgement, `state_sequence` the record that changed the "
    "order last. `folded` is its reference.",
}

NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[..., str]]] = {
    "acts": (("budget", "sequence", "item"), ("number",), fold_number),
    "grants": (
        ("budget", "grant_ref"),
        ("grant_ref", "title", "beneficiary", "siret"),
        fold_names,
    ),
    "conventions": (("budget", "convention"), ("convention",), fold_text),
    "payment_orders": (("budget", "payment_order"), ("payment_order",), fold_text),
}
"""By table: its key, the columns that are folded, and how."""

INDEXES = {
    "acts_by_number": ("acts", "folded"),
    "orders_by_name": ("payment_orders", "folded"),
    "orders_by_amount": ("payment_orders", "amount_cents"),
    "payments_by_amount": ("payments", "amount_cents"),
}


def upgrade() -> None:
    """Add the columns, and fill them from what the tables hold: nothing is projected again."""
    connection = op.get_bind()
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    for name, (key, columns, fold) in NAMES.items():
        op.add_column(name, sa.Column("folded", text))
        _fill(connection, name, key, columns, fold)
        if connection.dialect.name == "postgresql":
            op.create_table_comment(name, COMMENTS[name])
    for index, (name, column) in INDEXES.items():
        op.create_index(index, name, [column])


def _fill(
    connection: sa.Connection,
    name: str,
    key: tuple[str, ...],
    columns: tuple[str, ...],
    fold: Callable[..., str],
) -> None:
    table = sa.table(name, *(sa.column(each) for each in {*key, *columns, "folded"}))
    read = sa.select(*(table.c[each] for each in dict.fromkeys((*key, *columns))))
    rows = connection.execute(read.where(table.c[columns[0]].is_not(None))).mappings().all()
    mine = (table.c[each] == sa.bindparam(f"of_{each}") for each in key)
    write = table.update().where(*mine).values(folded=sa.bindparam("as_folded"))
    for start in range(0, len(rows), BATCH):
        values: list[dict[str, Any]] = [
            {f"of_{each}": row[each] for each in key}
            | {"as_folded": fold(*(row[each] or "" for each in columns))}
            for row in rows[start : start + BATCH]
        ]
        connection.execute(write, values)
