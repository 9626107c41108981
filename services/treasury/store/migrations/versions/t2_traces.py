"""The trace of the event that issued an order, for what is made of the order.

Of orders that were taken before it is not known.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "t2"
down_revision = "t1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    schema = context.config.attributes["schema"]
    op.add_column("orders", sa.Column("traceparent", sa.Text), schema=schema)
