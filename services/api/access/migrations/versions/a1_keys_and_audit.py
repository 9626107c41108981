"""Keys, their rights, and the audit trail, which nobody can change.

Written out, not taken from `tables`: a migration says what was, whatever the tables become.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "a1"
down_revision = None
branch_labels = None
depends_on = None

REFUSES = """\
CREATE FUNCTION {schema}.audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit trail is only added to'; END $$"""
IS_ASKED = """\
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.audit
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.audit_is_kept()"""
KEPT_ON_POSTGRESQL = (REFUSES, IS_ASKED)
KEPT_ON_SQLITE = tuple(
    f"CREATE TRIGGER audit_is_kept_{verb.lower()} BEFORE {verb} ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END"
    for verb in ("UPDATE", "DELETE")
)


def upgrade() -> None:
    """Make the tables."""
    schema = context.config.attributes["schema"]
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.Text, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("revoked_at", instant),
        sa.Column("revoked_by", sa.Text),
        sa.Column("last_used_at", instant),
        schema=schema,
    )
    prefix = "" if schema is None else f"{schema}."
    op.create_table(
        "api_key_rights",
        sa.Column("key_id", sa.Text, sa.ForeignKey(f"{prefix}api_keys.key_id"), primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("entity", sa.Text, primary_key=True),
        schema=schema,
    )
    op.create_table(
        "audit",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("at", instant, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        schema=schema,
    )
    for statement in KEPT_ON_SQLITE if schema is None else KEPT_ON_POSTGRESQL:
        op.execute(statement.format(schema=schema))
