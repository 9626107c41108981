"""The latest event time of each partition takes the place of that of its last event."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LATEST = """
UPDATE positions SET latest_event_time = (
    SELECT max(event_time) FROM journal WHERE journal.partition = positions.partition
)
"""


def upgrade() -> None:
    """Name the column by what it holds, and find that in the journal that was read already."""
    op.alter_column("positions", "last_event_time", new_column_name="latest_event_time")
    op.execute(LATEST)
