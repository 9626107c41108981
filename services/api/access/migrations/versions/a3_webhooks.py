"""Webhooks and their attempts.

Written out, not taken from `tables`: a migration says what was, whatever the tables become.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "a3"
down_revision = "a2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    schema = context.config.attributes["schema"]
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column(
            "entities", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("budget", sa.Text),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", instant),
        sa.Column("next_attempt_at", instant),
        sa.Column("last_error", sa.Text),
        sa.Column("held_by", sa.Text),
        sa.Column("held_until", instant),
        schema=schema,
    )
    op.create_table(
        "webhook_attempts",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("webhook_id", sa.Text, nullable=False, index=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        schema=schema,
    )
