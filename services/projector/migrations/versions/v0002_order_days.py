"""Since when an order is in its state, apart from the day of its last acknowledgement."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COMMENT = (
    "Payment orders (mandats). State: issued, taken_in_charge, on_hold, rejected, paid, "
    "cancelled, since `state_on`: the day of what set it. `acknowledged_on`, `reason_…` are of the "
    "last acknowledgement, `state_sequence` the record that changed the order last."
)

INSTALMENTS = (
    "The schedules of a convention. An instalment that an amendment does not plan any more "
    "(ordered already, or given up) has that amendment in `left_out_by`; one of a grant that stood "
    "alone, called `<grant>/<instalment>`, has the convention signed for it there. What became of "
    "an instalment is in payment_orders and moves."
)

ACKNOWLEDGED_SO_FAR = "UPDATE payment_orders SET acknowledged_on = state_on"
NEVER_ACKNOWLEDGED = "UPDATE payment_orders SET state_on = issued_on WHERE state_on IS NULL"
SET_BY_ITS_LAST_RECORD = """
UPDATE payment_orders SET state_on = (
    SELECT {day} FROM {table}
    WHERE {table}.budget = payment_orders.budget
      AND {table}.sequence = payment_orders.state_sequence
) WHERE state = '{state}'
"""
"""No acknowledgement sets these states, and nothing changes such an order any more."""


def upgrade() -> None:
    """Add the column, and fill both from what the tables hold: nothing is projected again."""
    op.add_column("payment_orders", sa.Column("acknowledged_on", sa.Date))
    op.execute(ACKNOWLEDGED_SO_FAR)
    op.execute(NEVER_ACKNOWLEDGED)
    op.execute(
        SET_BY_ITS_LAST_RECORD.format(day="executed_on", table="payments", state="paid"),
    )
    op.execute(
        SET_BY_ITS_LAST_RECORD.format(day="effective_on", table="journal", state="cancelled"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_table_comment("payment_orders", COMMENT)
        op.create_table_comment("instalments", INSTALMENTS)
