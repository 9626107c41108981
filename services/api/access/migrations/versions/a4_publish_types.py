"""Keys that send some types of events alone.

Written out, not taken from `tables`: a migration says what was, whatever the tables become.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "a4"
down_revision = "a3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column."""
    schema = context.config.attributes["schema"]
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("api_keys", sa.Column("publish_types", json), schema=schema)
