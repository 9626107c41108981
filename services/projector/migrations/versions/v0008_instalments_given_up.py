"""What an order held when an amendment came is not given up by it; what goes on, by an index."""

import sqlalchemy as sa
from alembic import op

from services.projector.sql import HELD

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COMMENT = (
    "The schedules of a convention. An instalment that an amendment gave up has that amendment in "
    "`left_out_by`, and one that an order held then goes on; one of a grant that stood alone, "
    "called `<grant>/<instalment>`, has the convention signed for it there. What became of an "
    "instalment is in payment_orders and moves."
)
AMENDED = "ecluse.convention.amended.v1"
HELD_BY_AN_ORDER_AT_EACH_AMENDMENT = f"""
UPDATE instalments SET left_out_by = CASE WHEN instalment LIKE '%/%' THEN convention END
WHERE left_out_by IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM journal WHERE journal.budget = instalments.budget
      AND journal.convention = instalments.convention AND journal.sequence > instalments.sequence
      AND journal.event_type = '{AMENDED}' AND journal.outcome = 'accepted'
      AND NOT {HELD.format(at="journal.sequence")}
)
"""  # noqa: S608 # our own names
INDEXES = {
    "orders_by_previous": ("payment_orders", "previous"),
    "conventions_by_former_name": ("conventions", "continues"),
}


def upgrade() -> None:
    """Take the amendment away where it gave up nothing, from what the tables hold."""
    op.execute(HELD_BY_AN_ORDER_AT_EACH_AMENDMENT)
    if op.get_bind().dialect.name == "postgresql":
        op.create_table_comment("instalments", COMMENT)
    for index, (table, name) in INDEXES.items():
        named = sa.text(f"{name} IS NOT NULL")
        columns = ["budget", name]
        op.create_index(index, table, columns, postgresql_where=named, sqlite_where=named)
