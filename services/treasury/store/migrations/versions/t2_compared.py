"""The mark that the tables lack no slip that was sent: without it no slip is made of them."""

from alembic import context, op
from sqlalchemy import Column, Text

revision = "t2"
down_revision = "t1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: whoever knows what was sent compares first."""
    op.create_table(
        "compared",
        Column("topic", Text, primary_key=True),
        schema=context.config.attributes["schema"],
        comment="A row for the topic of slips once these tables lack none of what was sent there.",
        if_not_exists=True,  # While t1 makes all tables of `tables`.
    )
