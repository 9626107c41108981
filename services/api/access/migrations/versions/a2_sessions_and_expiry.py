"""Sessions of the console on the server; keys that expire.

Written out, not taken from `tables`: a migration says what was, whatever the tables become.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "a2"
down_revision = "a1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the column."""
    schema = context.config.attributes["schema"]
    instant = sa.DateTime(timezone=True)
    op.add_column("api_keys", sa.Column("expires_at", instant), schema=schema)
    op.create_table(
        "sessions",
        sa.Column("id_sha256", sa.Text, primary_key=True),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text),
        sa.Column("rights", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
        sa.Column("subject", sa.Text),
        sa.Column("provider_session", sa.Text),
        sa.Column("id_token", sa.Text),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("last_seen_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        schema=schema,
    )
    op.create_table(
        "logout_tokens",
        sa.Column("jti_sha256", sa.Text, primary_key=True),
        sa.Column("expires_at", instant, nullable=False),
        schema=schema,
    )
