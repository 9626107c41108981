"""The names that each record mentions, by which traces find their records."""

import sqlalchemy as sa
from alembic import op

from events.journal import read_record
from events.mentions import mentions_of
from services.projector.rows.column_values import own_names

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COMMENT = (
    "Names that a record mentions beside those in its row of `journal`. Kind: convention, grant, "
    "payment_order, act (its number), beneficiary (SIRET), event (the id of one that a deadline is "
    "about)."
)
BATCH = 1_000
INDEXES = {
    "journal_by_grant": "grant_ref",
    "journal_by_convention": "convention",
    "journal_by_order": "payment_order",
}
"""Indexes by a name, whatever the budget."""


def upgrade() -> None:
    """Make the table, and fill it from the records that were projected already."""
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    mentions = op.create_table(
        "mentions",
        sa.Column("budget", text, nullable=False),
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("id", text, nullable=False),
        sa.PrimaryKeyConstraint("id", "kind", "budget", "sequence"),
        comment=COMMENT,
    )
    for index, name in INDEXES.items():
        op.execute(f"DROP INDEX IF EXISTS {index}")
        op.execute(f"CREATE INDEX {index} ON journal ({name}, budget) WHERE {name} IS NOT NULL")
    connection = op.get_bind()
    records = connection.execute(sa.text("SELECT record FROM journal"))
    for rows in records.partitions(BATCH):
        found = [
            {"budget": record.budget, "sequence": record.sequence, **mention._asdict()}
            for record in (read_record(bytes(row.record)) for row in rows)
            for mention in mentions_of(record)
            if mention.id not in own_names(record)
        ]
        if found:
            connection.execute(mentions.insert(), found)
